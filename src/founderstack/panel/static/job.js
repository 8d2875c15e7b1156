"use strict";
/* A job's page: its progress is replaced whenever it got further, also after the page or the connection came back. */
(() => {
  const progress = document.getElementById("progress");
  if (!progress.dataset.stream) return;
  const live = document.getElementById("live");
  const show = (kind) => { live.className = "pulse " + kind; live.textContent = kind ? live.dataset[kind] : ""; };
  const listen = () => {
    const source = new EventSource(progress.dataset.stream);
    source.onopen = () => show("");
    source.addEventListener("progress", ({ data }) => { show(""); progress.replaceChildren(panel.parse(data)); });
    source.addEventListener("over", () => { source.close(); show(""); });
    source.onerror = () => {
      show("lost");
      if (source.readyState === EventSource.CLOSED) setTimeout(again, 3000);
    };
  };
  /* A restore in place stops the panel too: whatever the gateway says meanwhile, the job goes on. */
  const again = async () => {
    try {
      const answer = await fetch(location.href, { redirect: "manual" });
      if (answer.type === "opaqueredirect" || answer.status === 401) return location.reload();
    } catch { /* not there yet */ }
    listen();
  };
  listen();
})();
