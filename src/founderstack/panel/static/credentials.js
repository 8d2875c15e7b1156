"use strict";
/* A secret is fetched when it is asked for, shown for half a minute, and copied without being shown. */
(() => {
  const SECONDS = 30;
  const masked = (card) => {
    clearInterval(card.ticking);
    card.ticking = 0;
    for (const field of card.querySelectorAll("[data-masked]")) field.textContent = field.dataset.masked;
    card.querySelector(".said").textContent = "";
    const button = card.querySelector(".reveal button");
    button.textContent = button.dataset.show;
  };
  const fetched = async (card) => {
    const form = card.querySelector(".reveal");
    const answer = await fetch("/credentials/value", { method: "POST", body: new URLSearchParams(new FormData(form)) });
    const confirm = answer.headers.get("x-founder-confirm");
    if (confirm || answer.status === 401) {
      location.assign((confirm || "/sign-in") + "?next=" + encodeURIComponent(location.pathname));
      return null;
    }
    const said = await answer.json();
    if (!answer.ok) card.querySelector(".said").textContent = said.problem;
    return answer.ok ? said : null;
  };
  const show = async (card) => {
    const said = await fetched(card);
    if (!said || card.ticking) return;
    for (const name of ["value", "url"]) {
      const field = card.querySelector(`[data-field="${name}"]`);
      if (field) field.textContent = said[name];
    }
    const button = card.querySelector(".reveal button"), status = card.querySelector(".said");
    button.textContent = button.dataset.hide;
    let left = SECONDS;
    status.textContent = status.dataset.hides.replace("%", left);
    card.ticking = setInterval(() => {
      left -= 1;
      if (left <= 0) masked(card);
      else if (left % 10 === 0) status.textContent = status.dataset.hides.replace("%", left);
    }, 1000);
  };
  const copy = async (card, name) => {
    const field = card.querySelector(`[data-field="${name}"]`), status = card.querySelector(".said");
    status.textContent = ""; /* said anew for each copy */
    const text = async () => {
      const secret = field.matches("[data-masked]") && !card.ticking;
      const said = secret ? await fetched(card) : { [name]: field.textContent };
      if (!said) throw new Error("not given");
      return new Blob([said[name]], { type: "text/plain" });
    };
    /* Promised within the click itself: Safari refuses to copy later. */
    const copied = await navigator.clipboard.write([new ClipboardItem({ "text/plain": text() })]).then(() => true, () => false);
    if (copied) status.textContent = status.dataset.copied;
  };
  for (const card of document.querySelectorAll(".credential")) {
    card.querySelector(".reveal").addEventListener("submit", (event) => {
      event.preventDefault();
      if (card.ticking) masked(card);
      else show(card);
    });
    for (const button of card.querySelectorAll(".copy")) {
      button.hidden = false;
      button.addEventListener("click", () => copy(card, button.dataset.copy));
    }
  }
  /* The page that the back button brings again holds nothing. */
  addEventListener("pagehide", () => document.querySelectorAll(".credential").forEach(masked));
})();
