// A file that is chosen or dropped is sent as it is; then the page that it is for opens.

for (const place of document.querySelectorAll("[data-upload]")) {
  const input = place.querySelector("input[type=file]");
  input.addEventListener("change", () => input.files.length && send(place, input.files[0]));
  for (const name of ["dragenter", "dragover"]) {
    place.addEventListener(name, (event) => {
      event.preventDefault();
      place.classList.add("over");
    });
  }
  for (const name of ["dragleave", "drop"]) {
    place.addEventListener(name, () => place.classList.remove("over"));
  }
  place.addEventListener("drop", (event) => {
    event.preventDefault();
    if (event.dataTransfer.files.length) send(place, event.dataTransfer.files[0]);
  });
}

function send(place, file) {
  const bar = place.querySelector("progress");
  const problem = place.querySelector(".problem");
  problem.textContent = "";
  bar.hidden = false;
  // Only this kind of request tells how much was sent.
  const request = new XMLHttpRequest();
  request.open("POST", `/upload?name=${encodeURIComponent(file.name)}`);
  request.setRequestHeader("X-Form-Token", place.dataset.token);
  request.setRequestHeader("Accept", "application/json");
  request.responseType = "json";
  request.upload.addEventListener("progress", (event) => {
    bar.value = event.total ? event.loaded / event.total : 0;
  });
  request.addEventListener("load", () => {
    bar.hidden = true;
    if (request.status === 200) arrived(place, request.response.name);
    else problem.textContent = request.response?.error ?? "The file was not taken.";
  });
  request.addEventListener("error", () => {
    bar.hidden = true;
    problem.textContent = "The server does not answer, or took no more of the file.";
  });
  request.send(file);
}

function arrived(place, name) {
  const address = new URL(place.dataset.upload, location.origin);
  if (address.pathname !== "/") address.searchParams.set(place.dataset.field, name);
  location.assign(address);
}
