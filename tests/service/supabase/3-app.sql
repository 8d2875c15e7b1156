-- The app that a founder has built: tables with policies, triggers, jobs and secrets. Run as `postgres`.

set check_function_bodies = on;

-- ------------------------------------------------------------------------------------------------- people's own rows

create type public.plan as enum ('free', 'pro', 'team');
alter type public.plan add value 'trial' before 'pro';
create domain public.handle as citext check (value ~ '^[a-z0-9_]{2,30}$');

create table public.profiles (
  id uuid primary key references auth.users (id) on delete cascade,
  handle public.handle unique,
  email text,
  plan public.plan not null default 'free',
  about text,
  created_at timestamptz not null default now()
);
create table public.user_roles (
  user_id uuid primary key references auth.users (id) on delete cascade,
  role text not null check (role in ('owner', 'staff'))
);
create table public.teams (
  id bigint generated always as identity (start 100 increment 10) primary key,
  name text not null,
  owner uuid references auth.users (id) on delete set null,
  settings hstore not null default ''
);
create table public.members (
  team_id bigint not null references public.teams (id) on delete cascade,
  user_id uuid not null references auth.users (id) on delete restrict,
  since date not null default current_date,
  primary key (team_id, user_id)
);
create table public.todos (
  id bigserial primary key,
  owner uuid not null default auth.uid() references auth.users (id) on delete cascade,
  team_id bigint references public.teams (id),
  title text not null,
  done boolean not null default false,
  price_cents integer not null default 0,
  price numeric generated always as (price_cents / 100.0) stored,
  inserted_at timestamptz not null default now()
);
comment on table public.todos is E'What is to be done: "quotes", ''apostrophes'',\na second line and €';
comment on column public.todos.price is 'made from price_cents';
create table public.messages (
  id uuid primary key default gen_random_uuid(),
  sender uuid references auth.users (id),
  recipient uuid references auth.users (id),
  body text not null
);
create table public.secrets_of_staff (id integer primary key, note text not null);

create function public.is_staff() returns boolean language sql stable security definer set search_path = public as $$
  select exists (select from user_roles where user_id = auth.uid())
$$;
create function public.add_member(team bigint, who uuid) returns void language plpgsql security definer
  set search_path = '' as $$
begin
  insert into public.members (team_id, user_id) values (team, who) on conflict do nothing;
end $$;
create function public.notify_edge() returns bigint language sql security definer as $$
  select net.http_post('https://project.functions.supabase.co/digest', '{"why": "nightly"}')
$$;
create function public.api_key() returns text language sql security definer as $$
  select decrypted_secret from vault.decrypted_secrets where name = 'mail_key'
$$;
create function public.total(integer, integer) returns integer language sql immutable
  begin atomic select $1 + $2; end;
revoke execute on function public.is_staff() from public, anon;
revoke execute on function public.api_key() from public, anon, authenticated;

alter table public.profiles enable row level security;
alter table public.user_roles enable row level security;
alter table public.teams enable row level security;
alter table public.members enable row level security;
alter table public.todos enable row level security;
alter table public.todos force row level security;
alter table public.messages enable row level security;
alter table public.secrets_of_staff enable row level security;
create policy "Anybody reads profiles" on public.profiles for select using (true);
create policy "One's own profile" on public.profiles for update to authenticated
  using ((select auth.uid()) = id) with check ((select auth.uid()) = id);
create policy "One's own roles" on public.user_roles for select to authenticated using (user_id = auth.uid());
create policy "Teams of members" on public.teams for select to authenticated
  using (exists (select from public.members as m where m.team_id = id and m.user_id = auth.uid()) or owner = auth.uid());
create policy "Owners change teams" on public.teams for all to authenticated
  using (owner = auth.uid()) with check (owner = auth.uid());
create policy "Own memberships" on public.members for select to authenticated using (user_id = auth.uid());
create policy "Own todos" on public.todos to authenticated
  using (owner = auth.uid()) with check (owner = auth.uid());
create policy "Staff reads todos" on public.todos for select to authenticated using (public.is_staff());
create policy "Not while banned" on public.todos as restrictive to authenticated
  using (coalesce(auth.jwt() -> 'app_metadata' ->> 'banned', 'false') = 'false');
create policy "Sent and received" on public.messages for select to authenticated
  using (auth.uid() in (sender, recipient) or auth.email() = 'person1@example.com');
create policy "Send as oneself" on public.messages for insert to authenticated with check (sender = auth.uid());
create policy "Service only" on public.secrets_of_staff using (auth.role() = 'service_role');
create policy "Second factor" on public.secrets_of_staff as restrictive for delete to authenticated
  using (auth.jwt() ->> 'aal' = 'aal2');

revoke all on public.user_roles from anon, authenticated;
grant select on public.user_roles to authenticated;
revoke select on public.profiles from anon;
grant select (id, handle, plan) on public.profiles to anon;
revoke all on public.secrets_of_staff from anon;
revoke insert, update, delete on public.teams from anon;

insert into public.profiles (id, handle, email, plan, created_at)
select id, 'person_' || row_number() over (order by id), email, 'free', coalesce(created_at, '2025-01-01')
from auth.users where deleted_at is null and not is_anonymous;
insert into public.user_roles values (person(1), 'owner'), (person(2), 'staff');
insert into public.teams (name, owner, settings)
select 'Team ' || n, person(n), hstore('colour', 'c' || n) from generate_series(1, 12) as n;
insert into public.members select 100 + 10 * (n % 12), person(n), '2025-03-01' from generate_series(1, 90) as n;
insert into public.todos (owner, team_id, title, price_cents)
select person(1 + n % 100), 100 + 10 * (n % 12), 'Todo ' || n, n from generate_series(1, 1500) as n;
select setval('public.todos_id_seq', 987654);
insert into public.messages (id, sender, recipient, body)
select person(10000 + n), person(1 + n % 60), person(1 + n % 61), 'Hello ' || n from generate_series(1, 800) as n;
insert into public.messages values (person(19999), person(149), person(139), 'from somebody deleted to somebody anonymous');
insert into public.secrets_of_staff values (1, 'one'), (2, 'two');

-- ---------------------------------------------------------------------------------------------------------- triggers

create function public.handle_new_user() returns trigger language plpgsql security definer set search_path = '' as $$
begin
  insert into public.profiles (id, email) values (new.id, new.email);
  return new;
end $$;
create function public.follow_email() returns trigger language plpgsql security definer set search_path = '' as $$
begin
  update public.profiles set email = new.email where id = new.id;
  return new;
end $$;
create function public.count_firing() returns trigger language plpgsql security definer set search_path = '' as $$
begin
  insert into public.firings (trigger) values (tg_name);
  return coalesce(new, old);
end $$;
create table public.firings (at timestamptz not null default clock_timestamp(), trigger text not null);
create trigger on_auth_user_created after insert on auth.users for each row execute function public.handle_new_user();
create trigger on_auth_user_email after update of email on auth.users
  for each row when (old.email is distinct from new.email) execute function public.follow_email();
create trigger fires_always after insert on public.todos for each row execute function public.count_firing();
create trigger fires_on_replica after insert on public.todos for each row execute function public.count_firing();
create trigger fires_never after insert on public.todos for each row execute function public.count_firing();
create trigger fires_usually after insert or update on public.todos for each row execute function public.count_firing();
alter table public.todos enable always trigger fires_always;
alter table public.todos enable replica trigger fires_on_replica;
alter table public.todos disable trigger fires_never;
create trigger tell_webhook after insert on public.messages
  for each row execute function supabase_functions.http_request('https://hooks.example.com/message', 'POST', '{}', '{}', '1000');

insert into auth.users (instance_id, id, aud, role, email, encrypted_password, email_confirmed_at, raw_app_meta_data,
  raw_user_meta_data, created_at, updated_at)
values ('00000000-0000-0000-0000-000000000000', person(231), 'authenticated', 'authenticated', 'person231@example.com',
  hashed(231), '2025-07-01', '{"provider": "email"}', '{"name": "Person 231"}', '2025-07-01', '2026-07-01');
insert into auth.identities (provider_id, user_id, identity_data, provider)
select id::text, id, jsonb_build_object('sub', id, 'email', email), 'email' from auth.users where id = person(231);

-- ------------------------------------------------------------------------------------------------------ jobs, secrets

select cron.schedule('nightly', '0 3 * * *', 'delete from public.firings where at < now() - interval ''30 days''');
select cron.schedule('every minute', '* * * * *', 'select public.notify_edge()');
select vault.create_secret('a mail key that nobody may see', 'mail_key', 'for the mailer');
select vault.create_secret(E'zwei Zeilen\nmit ünïcode', 'second', 'another');

-- ------------------------------------------------------------------------------------------------------- publications

alter publication supabase_realtime add table public.messages, public.todos;
create publication outbox for table public.todos (id, title) where (done), public.teams
  with (publish = 'insert, update', publish_via_partition_root = true);
alter table public.todos replica identity full;

-- -------------------------------------------------------------------------------------------------------------- files

insert into storage.buckets (id, name, public, file_size_limit, allowed_mime_types)
values ('avatars', 'avatars', true, 5242880, '{image/png,image/jpeg}'), ('papers', 'papers', false, null, null),
       ('empty', 'empty', false, null, null);
