-- The diary. Every row names its owner, and a child's (entry_id, user_id) must be its entry's: a row can never hang
-- from somebody else's entry. Every index begins with the owner, because every query does.

-- Lower case without accents, so that "manana" finds "mañana". Immutable, for the generated column below.
create function plain(words text) returns text
  language sql immutable parallel safe strict
  return translate(lower(words), 'áàäâãéèëêíìïîóòöôõúùüûñç', 'aaaaaeeeeiiiiooooouuuunc');

create table entry (
  id uuid primary key,
  user_id uuid not null references "user" (id) on delete cascade,
  day date not null,
  title text not null default '' check (char_length(title) <= 200),
  body text not null default '' check (octet_length(body) <= 1000000),
  mood smallint check (mood between 1 and 5),
  pinned boolean not null default false,
  revision integer not null default 1,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  deleted_at timestamptz,
  -- The owner is a word of its own entry: one look-up in one index finds "these words, of this owner".
  -- Spanish and English stems side by side. A tsvector holds 1 MB at most, hence the limit.
  search tsvector not null generated always as (
    array_to_tsvector(array['u' || replace(user_id::text, '-', '')])
    || to_tsvector('spanish', plain(title || ' ' || left(body, 100000)))
    || to_tsvector('english', plain(title || ' ' || left(body, 100000)))
  ) stored,
  unique (id, user_id)
);
create index entry_timeline on entry (user_id, day desc, created_at desc, id) where deleted_at is null;
create index entry_pinned on entry (user_id, day desc, created_at desc, id) where pinned and deleted_at is null;
create index entry_mood on entry (user_id, mood, day desc) where deleted_at is null;
create index entry_deleted on entry (user_id, deleted_at) where deleted_at is not null;
create index entry_search on entry using gin (search) with (fastupdate = off);

create table entry_tag (
  entry_id uuid not null,
  user_id uuid not null,
  tag text not null check (tag <> '' and char_length(tag) <= 40),
  primary key (entry_id, tag),
  foreign key (entry_id, user_id) references entry (id, user_id) on delete cascade
);
create index entry_tag_of_user on entry_tag (user_id, tag, entry_id);

create table entry_figure (
  entry_id uuid not null,
  user_id uuid not null,
  name text not null check (name <> '' and char_length(name) <= 40),
  value double precision not null,
  primary key (entry_id, name),
  foreign key (entry_id, user_id) references entry (id, user_id) on delete cascade
);
create index entry_figure_of_user on entry_figure (user_id, name, entry_id);

create table entry_version (
  id uuid primary key default gen_random_uuid(),
  entry_id uuid not null,
  user_id uuid not null,
  revision integer not null,
  day date not null,
  title text not null,
  body text not null,
  -- Why it was kept: replaced by a later text, or written at the same time in another tab.
  reason text not null check (reason in ('replaced', 'conflict')),
  created_at timestamptz not null default now(),
  foreign key (entry_id, user_id) references entry (id, user_id) on delete cascade
);
create index entry_version_of_entry on entry_version (user_id, entry_id, created_at desc);
create index entry_version_child on entry_version (entry_id);
