// Follows a job: the server says how it stands whenever that changes.

const job = document.getElementById("job");
const shown = Object.fromEntries(
  ["state", "share", "figures", "log", "best"].map((id) => [id, document.getElementById(id)]),
);

const source = new EventSource(job.dataset.events);
source.addEventListener("message", (event) => show(JSON.parse(event.data)));
source.addEventListener("error", () => {
  shown.figures.textContent = "The server does not answer. The job goes on; this page asks again.";
});

function show(now) {
  shown.state.textContent = now.sentence;
  shown.figures.textContent = now.figures;
  if (now.share === null) shown.share.removeAttribute("value");
  else shown.share.value = now.share;
  shown.log.textContent = now.said.join("\n");
  if (shown.best && now.best !== undefined) showBest(now.best);
  if (now.active) return;
  source.close();
  if (now.state === "done") location.assign(job.dataset.result);
  else location.reload();
}

// The drawings come as HTML that the server has escaped, and only when they have changed.
let last = shown.best?.innerHTML;
function showBest(html) {
  if (html === last) return;
  last = html;
  shown.best.innerHTML = html;
}
