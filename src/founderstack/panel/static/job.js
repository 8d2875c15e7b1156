"use strict";
/* A job's page: its progress is replaced whenever it got further, also after the page or the connection came back. */
(() => {
  const progress = document.getElementById("progress");
  if (!progress.dataset.stream) return;
  const source = new EventSource(progress.dataset.stream);
  source.addEventListener("progress", ({ data }) => progress.replaceChildren(panel.parse(data)));
  source.addEventListener("over", () => source.close());
})();
