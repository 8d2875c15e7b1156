import type { Messages } from "@/messages";
import type { Filter } from "@/server/timeline";

interface Props {
  readonly t: Messages;
  readonly filter: Filter;
  readonly tags: readonly string[];
  readonly focus: boolean;
}

/** Search and filters: a plain form whose address can be kept and shared between one's own devices. */
export function FilterForm({ t, filter, tags, focus }: Props) {
  const { words, ...narrow } = filter;
  const open = Object.keys(narrow).length > 0;
  return (
    <form className="filters" action="/" role="search">
      <div className="search">
        <input type="search" name="q" aria-label={t.timeline.search} placeholder={t.timeline.searchPlaceholder} defaultValue={words} maxLength={200} autoFocus={focus} />
        <button>{t.timeline.search}</button>
      </div>
      <details open={open}>
        <summary>{t.timeline.filters}</summary>
        <div className="row">
          <label className="field"><span>{t.timeline.tag}</span>
            <select name="tag" defaultValue={filter.tag ?? ""}>
              <option value="">{t.timeline.any}</option>
              {filter.tag && !tags.includes(filter.tag) && <option value={filter.tag}>{filter.tag}</option>}
              {tags.map((tag) => <option key={tag} value={tag}>{tag}</option>)}
            </select>
          </label>
          <label className="field"><span>{t.timeline.mood}</span>
            <select name="mood" defaultValue={filter.mood ?? ""}>
              <option value="">{t.timeline.any}</option>
              {[5, 4, 3, 2, 1].map((mood) => <option key={mood} value={mood}>{t.moods[mood]}</option>)}
            </select>
          </label>
          <label className="field"><span>{t.timeline.from}</span><input type="date" name="from" defaultValue={filter.from} /></label>
          <label className="field"><span>{t.timeline.to}</span><input type="date" name="to" defaultValue={filter.to} /></label>
        </div>
        <button>{t.timeline.apply}</button>
      </details>
      {(open || words) && <p className="clear"><a href="/">{t.timeline.clear}</a></p>}
    </form>
  );
}
