"use client";

import { useEffect, useRef } from "react";
import type { Messages } from "@/messages";

const PLACES: Readonly<Record<string, string>> = { n: "/entries/new", t: "/", c: "/calendar", g: "/charts" };

/** Single keys for who keeps their hands on the keyboard. They can be turned off in the settings. */
export function Shortcuts({ t }: { readonly t: Messages["shortcuts"] }) {
  const dialog = useRef<HTMLDialogElement>(null);

  useEffect(() => {
    const listen = (event: KeyboardEvent): void => {
      if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
      if (act(event.key, dialog.current)) event.preventDefault();
    };
    document.addEventListener("keydown", listen);
    document.documentElement.dataset.keys = ""; // as in Awake: what stands inside may answer later than the rest
    return () => document.removeEventListener("keydown", listen);
  }, []);

  const keys: [string, string][] = [
    ["n", t.new], ["/", t.search], ["j", t.next], ["k", t.previous], ["e", t.edit],
    ["t", t.timeline], ["c", t.calendar], ["g", t.charts], ["Ctrl Enter", t.save], ["?", t.help],
  ];
  return (
    <dialog ref={dialog} aria-labelledby="shortcuts-title">
      <h2 id="shortcuts-title">{t.title}</h2>
      <dl className="keys">
        {keys.map(([key, text]) => <div key={key}><dt><kbd>{key}</kbd></dt><dd>{text}</dd></div>)}
      </dl>
      <form method="dialog"><button>{t.close}</button></form>
    </dialog>
  );
}

/** True when the key meant something here. */
function act(key: string, dialog: HTMLDialogElement | null): boolean {
  if (dialog?.open) return false;
  if (key === "?") {
    dialog?.showModal();
    return true;
  }
  if (key === "j" || key === "k") return step(key === "j" ? 1 : -1);
  if (key === "/") return focus(document.querySelector<HTMLInputElement>("input[type=search]"), "/?search=1");
  if (key === "e") return follow(document.querySelector<HTMLAnchorElement>("a[data-edit]"));
  const place = PLACES[key];
  if (place) window.location.assign(place);
  return place !== undefined;
}

function step(by: number): boolean {
  const items = [...document.querySelectorAll<HTMLAnchorElement>(".timeline li > a")];
  const at = items.indexOf(document.activeElement as HTMLAnchorElement);
  const next = items[Math.max(0, Math.min(items.length - 1, at < 0 ? 0 : at + by))];
  next?.focus();
  return next !== undefined;
}

function focus(field: HTMLInputElement | null, otherwise: string): boolean {
  if (field) field.focus();
  else window.location.assign(otherwise);
  return true;
}

function follow(link: HTMLAnchorElement | null): boolean {
  link?.click();
  return link !== null;
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));
}
