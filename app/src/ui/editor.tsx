"use client";

import { useEffect, useRef, useState, type ClipboardEvent, type DragEvent, type KeyboardEvent } from "react";
import type { Messages } from "@/messages";
import { Attachments, useUploads, type FileItem } from "./attachments";
import { Autosave, type SaveState } from "./autosave";
import { change as changeText, continueList } from "./continue-list";
import { figuresOf, FigureFields, rowsOf, type FigureRow } from "./figure-fields";
import { FormatBar } from "./format-bar";
import { forgetDraft, isOrphan, listDrafts, type Fields } from "./local-drafts";
import { MoodPicker } from "./mood-picker";
import type { ServerEntry } from "./put-entry";
import { SaveDecision, SaveLine } from "./save-status";

interface Props {
  readonly t: Pick<Messages, "entry" | "format" | "saving" | "problems" | "moods">;
  readonly userId: string;
  readonly entry: ServerEntry;
  readonly files: readonly FileItem[];
  readonly knownTags: readonly string[];
  readonly knownFigures: readonly string[];
}

/** What the form shows, as it was typed; `fieldsOf` makes of it what is saved. */
interface Form {
  readonly day: string;
  readonly title: string;
  readonly body: string;
  readonly mood: number | null;
  readonly pinned: boolean;
  readonly tags: string;
  readonly figures: readonly FigureRow[];
}

export function Editor({ t, userId, entry, files, knownTags, knownFigures }: Props) {
  const [form, setForm] = useState<Form>(() => formOf(entry));
  const [state, setState] = useState<SaveState>({ kind: "saved", revision: entry.revision });
  const [restored, setRestored] = useState(false);
  const [preview, setPreview] = useState<string | null>(null);
  const [leaving, setLeaving] = useState(false);
  const textarea = useRef<HTMLTextAreaElement>(null);
  const latest = useRef(form);
  const saver = useRef<Autosave>(null);
  const save = (): Autosave => (saver.current ??= new Autosave(userId, entry.id, entry.revision, setState));

  function change(patch: Partial<Form>): void {
    latest.current = { ...latest.current, ...patch };
    setForm(latest.current);
    save().change(fieldsOf(latest.current));
  }

  const uploads = useUploads({
    initial: files,
    ready: async () => ((await save().flush(fieldsOf(latest.current))) ? save().id : null),
    insert: (text) => change({ body: insertAt(textarea.current, latest.current.body, text) }),
  });

  useEffect(() => {
    const detach = save().attach();
    const early = typedEarly(textarea.current!.form!, latest.current);
    if (Object.keys(early).length > 0) change({ ...ownDay(), ...early });
    else void adopt();
    return detach;
    // eslint-disable-next-line react-hooks/exhaustive-deps -- once for each editor
  }, []);

  useEffect(() => {
    const path = `/entries/${save().id}/edit`;
    if (state.kind === "saved" && state.revision > 0 && window.location.pathname !== path) window.history.replaceState(null, "", path);
    // eslint-disable-next-line react-hooks/exhaustive-deps -- `save` is the same for as long as the editor is there
  }, [state]);

  /** Takes up what an earlier tab could not save. A new entry starts on the browser's own day. */
  async function adopt(): Promise<void> {
    const wanted = new URLSearchParams(window.location.search).get("draft") ?? entry.id;
    for (const draft of listDrafts(userId).filter((candidate) => candidate.entryId === wanted)) {
      if (!(await isOrphan(draft))) continue;
      forgetDraft(draft.key);
      save().startFrom(draft.revision);
      change(formOf({ ...draft.fields, id: wanted, revision: draft.revision }));
      setRestored(true);
      return;
    }
    if (!latest.current.body) {
      latest.current = { ...latest.current, ...ownDay() };
      setForm(latest.current);
    }
  }

  function ownDay(): Partial<Form> {
    if (entry.revision > 0 || window.location.search.includes("day=")) return {};
    const here = new Date();
    return { day: [here.getFullYear(), here.getMonth() + 1, here.getDate()].map((part) => String(part).padStart(2, "0")).join("-") };
  }

  async function finish(): Promise<void> {
    setLeaving(true);
    if (await save().flush(fieldsOf(latest.current))) window.location.assign(`/entries/${save().id}`);
    else setLeaving(false);
  }

  function takeTheirs(current: ServerEntry): void {
    save().takeTheirs();
    latest.current = formOf(current);
    setForm(latest.current);
  }

  async function togglePreview(): Promise<void> {
    if (preview !== null) return setPreview(null);
    const response = await fetch("/api/preview", { method: "POST", body: latest.current.body }).catch(() => null);
    if (response?.ok) setPreview(await response.text());
    else setState({ kind: "offline" });
  }

  function paste(event: ClipboardEvent | DragEvent): void {
    const list = "clipboardData" in event ? event.clipboardData.files : event.dataTransfer.files;
    if (list.length === 0) return;
    event.preventDefault();
    void uploads.add([...list]);
  }

  return (
    <form
      className="editor"
      method="post"
      action="/form/entry"
      encType="multipart/form-data"
      autoComplete="off" // else a browser fills in what it remembers of an earlier visit, which `typedEarly` would take up
      onSubmit={(event) => {
        event.preventDefault();
        void finish();
      }}
      onKeyDown={(event) => {
        if ((event.ctrlKey || event.metaKey) && (event.key === "Enter" || event.key === "s")) {
          event.preventDefault();
          void finish();
        }
      }}
    >
      <input type="hidden" name="id" value={entry.id} />
      <input type="hidden" name="revision" value={entry.revision} />
      <SaveDecision
        t={t}
        state={state}
        mine={form.body}
        keepMine={() => save().keepMine()}
        takeTheirs={takeTheirs}
        asNew={() => save().asNew()}
      />
      <label className="field">
        <span>{t.entry.title}</span>
        <input name="title" className="title" value={form.title} onChange={(event) => change({ title: event.target.value })} placeholder={t.entry.titlePlaceholder} maxLength={200} autoComplete="off" autoFocus={entry.revision === 0 && !entry.title} />
      </label>
      <div className="row">
        <label className="field">
          <span>{t.entry.day}</span>
          <input name="day" type="date" value={form.day} onChange={(event) => event.target.value && change({ day: event.target.value })} required />
        </label>
        <MoodPicker label={t.entry.mood} none={t.entry.noMood} names={t.moods} value={form.mood} onChange={(mood) => change({ mood })} />
      </div>
      <FigureFields t={t.entry} rows={form.figures} known={knownFigures} onChange={(figures) => change({ figures })} />
      <div className="field">
        <div className="text-head">
          <label htmlFor="body">{t.entry.body}</label>
          <button type="button" className="link" aria-pressed={preview !== null} onClick={togglePreview}>{preview === null ? t.entry.preview : t.entry.write}</button>
        </div>
        <FormatBar t={t.format} area="body" hidden={preview !== null} />
        {preview !== null && <div className="prose sheet" tabIndex={0} role="region" aria-label={t.entry.preview} dangerouslySetInnerHTML={{ __html: preview }} />}
        <textarea id="body" name="body" ref={textarea} rows={14} hidden={preview !== null} value={form.body} placeholder={t.entry.bodyPlaceholder} onChange={(event) => change({ body: event.target.value })} onPaste={paste} onDrop={paste} onKeyDown={nextItem} autoFocus={entry.revision === 0 && entry.title !== ""} />
      </div>
      <label className="field">
        <span>{t.entry.tags}</span>
        <input name="tags" list="known-tags" value={form.tags} aria-describedby="tags-hint" autoComplete="off" onChange={(event) => change({ tags: event.target.value })} />
        <datalist id="known-tags">{knownTags.map((tag) => <option key={tag} value={tag} />)}</datalist>
        <small id="tags-hint" className="hint">{t.entry.tagsHint}</small>
      </label>
      <label className="check">
        <input name="pinned" type="checkbox" checked={form.pinned} onChange={(event) => change({ pinned: event.target.checked })} /> {t.entry.pinned}
      </label>
      {/* Last of what is sent: a file that is too large cuts off nothing else. */}
      <Attachments t={t} uploads={uploads} />
      <div className="save-bar">
        <button className="primary" disabled={leaving}>{t.entry.save}</button>
        <SaveLine t={t} state={state} restored={restored} />
      </div>
    </form>
  );
}

function nextItem(event: KeyboardEvent<HTMLTextAreaElement>): void {
  const area = event.currentTarget;
  const plain = event.key === "Enter" && !event.shiftKey && !event.ctrlKey && !event.metaKey && !event.altKey && !event.nativeEvent.isComposing;
  const next = plain && area.selectionStart === area.selectionEnd && continueList(area.value, area.selectionStart);
  if (!next) return;
  event.preventDefault();
  changeText(area, next);
}

/** What was written before scripts answered: the page shows it, and the form does not know of it. */
function typedEarly(element: HTMLFormElement, form: Form): Partial<Form> {
  const text = (name: string): string => String(new FormData(element).get(name) ?? "").replaceAll("\r\n", "\n");
  const shown: Partial<Form> = {
    title: text("title"), day: text("day"), body: text("body"), tags: text("tags"), mood: Number(text("mood")) || null, pinned: text("pinned") !== "",
  };
  const known = { ...form, body: form.body.replaceAll("\r\n", "\n") };
  return Object.fromEntries(Object.entries(shown).filter(([name, value]) => value !== known[name as keyof Form]));
}

function formOf(entry: ServerEntry): Form {
  const { day, title, body, mood, pinned, tags, figures } = entry;
  return { day, title, body, mood, pinned, tags: tags.join(", "), figures: rowsOf(figures) };
}

function fieldsOf(form: Form): Fields {
  const tags = [...new Set(form.tags.split(",").map((tag) => tag.trim().replace(/^#/, "").toLowerCase()).filter(Boolean))];
  return { ...form, tags, figures: figuresOf(form.figures) };
}

/** The text with `addition` where the cursor is, or at the end. */
function insertAt(area: HTMLTextAreaElement | null, text: string, addition: string): string {
  const at = area ? area.selectionStart : text.length;
  const before = text.slice(0, at);
  return `${before}${before && !before.endsWith("\n") ? "\n" : ""}${addition}\n${text.slice(at)}`;
}
