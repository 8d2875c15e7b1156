"use strict";
/* For every page: times in the reader's zone, bars that explain themselves, menus, and the palette. */
const panel = (() => {
  const language = document.documentElement.lang, body = document.body;
  const texts = document.getElementById("main")?.dataset ?? {};
  const locale = navigator.languages.find((one) => one.startsWith(language)) ?? language;
  const format = (options) => new Intl.DateTimeFormat(locale, options).format;
  const full = format({ dateStyle: "medium", timeStyle: "medium" });
  const short = format({ day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });
  const clock = format({ timeStyle: "medium" });
  const hour = format({ hour: "2-digit", minute: "2-digit" });
  const number = new Intl.NumberFormat(locale, { maximumSignificantDigits: 2 }).format;
  const milliseconds = (ms) => (ms < 1000 ? number(ms) + "\u00a0ms" : number(ms / 1000) + "\u00a0s");

  const localize = (root) => {
    for (const time of root.querySelectorAll("time[datetime]")) {
      const at = new Date(time.dateTime);
      time.title = full(at);
      time.textContent = ("clock" in time.dataset ? clock : short)(at);
    }
    return root;
  };
  const parse = (html) => {
    const box = document.createElement("template");
    box.innerHTML = html;
    return localize(box.content);
  };

  /* Bars: the chosen one in words, where the facts stand otherwise. */
  let shown = null;
  const hide = () => {
    if (!shown) return;
    shown.parentElement.classList.remove("shown");
    const said = document.querySelector(`output[for="${shown.id}"]`);
    if (said) said.textContent = "";
    shown = null;
  };
  const explain = (range) => {
    if (shown !== range) hide();
    shown = range;
    const bars = range.parentElement, { from, step, values } = bars.dataset, at = Number(range.value);
    const [median, ok, failed] = values.split(" ")[at].split(",").map(Number);
    const start = (Number(from) + at * step) * 1000;
    const what = (ok + failed ? texts.some : texts.none).replace("{ok}", ok).replace("{all}", ok + failed)
      .replace("{median}", ok ? milliseconds(median) : "–");
    const said = `${hour(start)}–${hour(start + step * 1000)}: ${what}`;
    bars.classList.add("shown");
    range.setAttribute("aria-valuetext", said);
    document.querySelector(`output[for="${range.id}"]`).textContent = said;
  };
  const bar = (target) => target instanceof Element && target.matches(".bars input") && target;
  for (const kind of ["input", "focusin", "click"]) {
    document.addEventListener(kind, ({ target }) => { if (bar(target)) explain(target); });
  }
  document.addEventListener("focusout", ({ target }) => { if (bar(target)) hide(); });
  document.addEventListener("pointermove", ({ target, pointerType, offsetX }) => {
    if (pointerType !== "mouse") return;
    const range = bar(target);
    if (range) {
      range.value = Math.floor((offsetX / range.clientWidth) * (Number(range.max) + 1));
      explain(range);
    } else if (shown && shown !== document.activeElement) hide();
  });

  /* Menus close like menus, and a form that was sent shows that it was. */
  const menus = () => document.querySelectorAll("details.menu[open]");
  document.addEventListener("click", ({ target }) => {
    for (const menu of menus()) if (!menu.contains(target)) menu.open = false;
  });
  document.addEventListener("submit", (event) => {
    if (event.target.method === "post" && !event.defaultPrevented) body.classList.add("busy");
  });
  addEventListener("pageshow", () => body.classList.remove("busy"));

  /* The palette: everything by name. */
  const palette = document.getElementById("palette"), found = document.getElementById("found");
  const seek = document.getElementById("seek"), oneKey = document.getElementById("one-key");
  const plain = (text) => text.toLowerCase().normalize("NFD").replace(/\p{Diacritic}/gu, "");
  let all = null, chosen = null, moved = false;
  const choose = (item) => {
    chosen?.removeAttribute("aria-selected");
    chosen = item;
    const ask = palette.querySelector("input");
    if (!item) return ask.removeAttribute("aria-activedescendant");
    item.setAttribute("aria-selected", "true");
    item.scrollIntoView({ block: "nearest" });
    ask.setAttribute("aria-activedescendant", item.id);
  };
  const filter = (wish, keep = null) => {
    const words = plain(wish).split(/\s+/).filter(Boolean);
    const fits = all.filter((item) => words.every((word) => plain(item.textContent).includes(word)));
    const first = (item) => (words.length && plain(item.textContent.trim()).startsWith(words[0]) ? 0 : 1);
    fits.sort((a, b) => first(a) - first(b) || all.indexOf(a) - all.indexOf(b));
    found.replaceChildren(...fits);
    if (!fits.length) found.append(Object.assign(document.createElement("p"), { className: "empty", textContent: palette.dataset.none }));
    choose(fits.find((item) => keep && item.getAttribute("href") === keep) ?? fits[0]);
  };
  /* Fetched at each opening: a page may stay open for days. What was typed or chosen meanwhile is not lost. */
  const load = async () => {
    const answer = await fetch("/find/list").catch(() => null);
    if (!answer?.ok) return all ?? location.assign("/find");
    all = [...parse(await answer.text()).children];
    filter(palette.querySelector("input").value, moved && chosen?.getAttribute("href"));
  };
  const open = () => {
    if (palette.open) return;
    palette.showModal();
    const ask = palette.querySelector("input");
    ask.value = "";
    ask.focus();
    moved = false;
    if (all) filter("");
    load();
  };
  if (palette) {
    const ask = palette.querySelector("input");
    oneKey.checked = localStorage.getItem("one-key") !== "no";
    oneKey.addEventListener("change", () => localStorage.setItem("one-key", oneKey.checked ? "yes" : "no"));
    seek.addEventListener("click", (event) => {
      if (event.ctrlKey || event.metaKey) return;
      event.preventDefault();
      open();
    });
    ask.addEventListener("input", () => {
      moved = false;
      if (all) filter(ask.value);
    });
    ask.addEventListener("keydown", (event) => {
      const items = [...found.querySelectorAll("a")], at = items.indexOf(chosen);
      const moves = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: items.length - 1 };
      if (event.key in moves && (event.key.startsWith("Arrow") || event.ctrlKey)) {
        event.preventDefault();
        moved = true;
        choose(items.at(moves[event.key] % items.length));
      } else if (event.key === "Enter") {
        event.preventDefault();
        if (!all) return location.assign("/find?q=" + encodeURIComponent(ask.value));
        chosen?.click();
        palette.close();
      } else if (event.key === "Escape") palette.close();
    });
    palette.addEventListener("click", ({ target }) => { if (target === palette) palette.close(); });
  }
  document.addEventListener("keydown", (event) => {
    const { key, target } = event;
    if (key === "Escape") for (const menu of menus()) { menu.open = false; menu.firstElementChild.focus(); }
    if (!palette) return;
    const writes = target instanceof Element && target.matches("input:not([type=range], [type=checkbox]), textarea, select");
    const asked = (key.toLowerCase() === "k" && (event.ctrlKey || event.metaKey)) ||
      (key === "/" && !writes && oneKey.checked && !event.ctrlKey && !event.metaKey && !event.altKey);
    if (asked) { event.preventDefault(); open(); }
  });
  localize(document);
  return { localize, parse, explain };
})();
