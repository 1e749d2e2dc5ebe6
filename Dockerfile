# A small image for the processor. The data is a folder of the host:
#   docker build -t ebmscreen .
#   docker run --rm -p 127.0.0.1:8765:8765 -v "$PWD/project:/project" ebmscreen
# prints the address to open, and asks for the password in project/.password.
# Other commands: docker run --rm -v "$PWD/project:/project" --entrypoint ebmscreen ebmscreen --help
FROM python:3.12-slim AS build
WORKDIR /source
COPY pyproject.toml constraints.txt README.md LICENSE ./
COPY ebm ebm
COPY screening screening
COPY workflows workflows
COPY data/samples data/samples
# A build of torch for the processor alone is a tenth of the size of the usual one. Put its wheel
# into a folder `wheels` beside this file: pip takes what fits from there.
RUN --mount=type=bind,source=.,target=/context \
    python -m venv /opt/ebmscreen \
    && /opt/ebmscreen/bin/pip install --no-cache-dir --find-links /context/wheels \
        -c constraints.txt '.[web,tune]'

FROM python:3.12-slim
# RDKit draws with the X libraries of the system; their patches are wanted, not one version.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --no-install-recommends -y libexpat1 libxext6 libxrender1 \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --create-home --uid 10001 chemist \
    && install -d -o chemist /project
COPY --from=build /opt/ebmscreen /opt/ebmscreen
ENV PATH=/opt/ebmscreen/bin:$PATH
USER 10001
WORKDIR /project
VOLUME /project
EXPOSE 8765
ENTRYPOINT ["ebmscreen", "serve", "/project"]
CMD ["--host", "0.0.0.0", "--name", "localhost", "--password-file", "/project/.password", "--no-browser"]
