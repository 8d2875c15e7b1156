"use strict";
/* The front page: tiles are replaced when the server says that they changed. */
(() => {
  const tiles = document.getElementById("tiles"), live = document.getElementById("live");
  let heard = Date.now(), polling = 0, turn = 0, pressed = false;
  const waiting = new Map();

  const show = (kind) => {
    if (kind !== "lost") heard = Date.now();
    if (live.textContent !== live.dataset[kind]) live.textContent = live.dataset[kind];
    live.className = "pulse " + kind;
  };
  /* While a menu is open or a finger is down, a tile waits with what is new: a click would come to nothing. Focus, and
     the bar that is looked at, stay where they are. */
  const put = (tile) => {
    const old = document.getElementById(tile.id);
    if (!old) tiles.append(tile);
    else if (pressed || old.querySelector("details[open]")) waiting.set(tile.id, tile);
    else {
      waiting.delete(tile.id);
      const focus = old.contains(document.activeElement) && document.activeElement;
      const bar = old.querySelector(".bars.shown input");
      const fresh = bar && tile.querySelector(".bars input");
      if (fresh) fresh.value = bar.value;
      old.replaceWith(tile);
      if (focus?.id) document.getElementById(focus.id)?.focus();
      if (fresh) panel.explain(fresh);
    }
  };
  const sort = () => {
    const all = [...tiles.children];
    const wanted = [...all].sort((a, b) => (a.dataset.rank < b.dataset.rank ? -1 : 1));
    const busy = pressed || tiles.querySelector("details[open]") || tiles.contains(document.activeElement);
    if (all.some((tile, at) => tile !== wanted[at]) && !busy) tiles.append(...wanted);
  };
  const keep = (names) => {
    for (const tile of [...tiles.children]) if (!names.includes(tile.id.slice(5))) tile.remove();
    for (const id of waiting.keys()) if (!names.includes(id.slice(5))) waiting.delete(id);
  };
  const catchUp = () => {
    for (const tile of [...waiting.values()]) put(tile);
    sort();
  };
  const sum = (node) => document.getElementById("summary").replaceWith(node);

  const poll = async () => {
    const mine = ++turn;
    try {
      const answer = await fetch("/tiles");
      if (answer.status === 401) return location.reload();
      if (!answer.ok) return;
      const text = await answer.text();
      if (mine !== turn) return; /* something newer was shown meanwhile */
      const fresh = panel.parse(text);
      sum(fresh.firstElementChild);
      const found = [...fresh.children];
      keep(found.map((tile) => tile.id.slice(5)));
      found.forEach(put);
      sort();
      show(document.querySelector("#summary.stale") ? "silent" : "polling");
    } catch { /* shown once it lasts */ }
  };
  const listen = () => {
    const source = new EventSource("/events");
    const on = (name, take) => source.addEventListener(name, (event) => {
      clearInterval(polling);
      polling = 0;
      turn += 1;
      take(event.data);
      show(document.querySelector("#summary.stale") ? "silent" : "live");
    });
    on("names", (data) => keep(JSON.parse(data)));
    on("summary", (data) => sum(panel.parse(data)));
    on("tile", (data) => { put(panel.parse(data).firstElementChild); sort(); });
    on("over", () => { source.close(); location.reload(); });
    source.onerror = () => {
      polling ||= setInterval(poll, 10000);
      if (source.readyState === EventSource.CLOSED) { poll(); setTimeout(listen, 15000); }
    };
  };
  tiles.addEventListener("focusout", () => setTimeout(sort));
  tiles.addEventListener("toggle", catchUp, true);
  tiles.addEventListener("pointerdown", () => { pressed = true; });
  for (const kind of ["pointerup", "pointercancel"]) {
    addEventListener(kind, () => setTimeout(() => { pressed = false; catchUp(); }));
  }
  setInterval(() => { if (Date.now() - heard > 30000) show("lost"); }, 3000);
  listen();
})();
