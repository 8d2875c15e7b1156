create table attachment (
  id uuid primary key,
  entry_id uuid not null,
  user_id uuid not null,
  name text not null check (name <> '' and char_length(name) <= 200),
  type text not null,
  bytes bigint not null check (bytes > 0),
  sha256 text not null,
  created_at timestamptz not null default now(),
  foreign key (entry_id, user_id) references entry (id, user_id) on delete cascade
);
create index attachment_of_entry on attachment (user_id, entry_id, created_at);
create index attachment_child on attachment (entry_id);

-- Stored files that no row needs: written before an upload begins, taken away when its row is there. What still stands
-- here after an hour is removed from the storage, so that neither a crash nor a deleted account leaves files behind.
-- No reference to the person: the files outlive the account for a moment.
create table stale_file (
  key text primary key,
  user_id uuid not null,
  since timestamptz not null default now()
);
create index stale_file_since on stale_file (since);

-- Mail that has not gone out: waiting for the mail server, or for the admin's eyes where there is none.
create table outbox (
  id uuid primary key default gen_random_uuid(),
  user_id uuid references "user" (id) on delete cascade,
  recipient text not null,
  subject text not null,
  body text not null,
  attempts integer not null default 0,
  problem text,
  created_at timestamptz not null default now(),
  next_try_at timestamptz not null default now()
);
create index outbox_created on outbox (created_at);
create index outbox_next_try on outbox (next_try_at);
create index outbox_user on outbox (user_id);

create table invitation (
  id uuid primary key default gen_random_uuid(),
  user_id uuid references "user" (id) on delete cascade, -- who invited; nobody when it came from the command line
  email text not null,
  token_sha256 text not null unique,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null default now() + interval '14 days',
  used_at timestamptz
);
create index invitation_created on invitation (created_at desc);
create index invitation_user on invitation (user_id);

-- For the housekeeping that empties the bin and drops what has expired.
create index entry_bin on entry (deleted_at) where deleted_at is not null;
create index "session_expiresAt_idx" on "session" ("expiresAt");
