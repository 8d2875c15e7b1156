-- What a person is bringing, one import at a time: which files make it up, and how far it is. Its parts lie in the
-- storage; each is a row of stale_file whose time has not come yet, so that what is given up goes away by itself.
create table unfinished_import (
  user_id uuid primary key references "user" (id) on delete cascade,
  id uuid not null,
  files jsonb not null,
  bytes bigint not null check (bytes > 0),
  -- The Markdown files that have been taken in, and what came of them.
  taken integer not null default 0,
  report jsonb not null,
  finished boolean not null default false,
  touched_at timestamptz not null default now()
);
create index unfinished_import_touched on unfinished_import (touched_at);
