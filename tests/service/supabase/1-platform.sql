-- What a project looks like before its owner writes a line: roles, schemas, accounts, storage, and stand-ins for the
-- extensions that no Debian package offers. Run as the superuser `supabase_admin`; the owner of the project is
-- `postgres`, which may much but is no superuser.

create role anon nologin;
create role authenticated nologin;
create role service_role nologin bypassrls;
create role authenticator login noinherit;
create role postgres login createrole createdb replication bypassrls;
create role dashboard_user nologin createrole createdb replication;
create role supabase_auth_admin login noinherit createrole;
create role supabase_storage_admin login noinherit createrole;
create role supabase_realtime_admin nologin noinherit;
create role supabase_functions_admin login noinherit createrole;
create role supabase_read_only_user login bypassrls;
create role supabase_replication_admin login replication;
grant anon, authenticated, service_role to authenticator, postgres;
-- Before 16 whoever may make roles may also grant them.
do $$ begin
  if current_setting('server_version_num')::int >= 160000 then
    grant anon, authenticated, service_role to postgres with admin option;
  end if;
end $$;
grant pg_read_all_data, pg_monitor, pg_signal_backend to postgres;
grant pg_read_all_data to supabase_read_only_user;
alter role anon set statement_timeout = '3s';
alter role authenticated set statement_timeout = '8s';
alter role authenticator set statement_timeout = '8s';
alter role authenticator set lock_timeout = '8s';
alter role authenticator set "pgrst.db_schemas" = 'public, shop';
alter role supabase_auth_admin set search_path = auth;
alter role supabase_storage_admin set search_path = storage;
alter role postgres set search_path = "$user", public, extensions;
alter database postgres owner to postgres;
alter database postgres set "app.settings.jwt_exp" = '3600';
grant all on database postgres to postgres;

create schema auth authorization supabase_auth_admin;
create schema storage authorization supabase_storage_admin;
create schema realtime authorization supabase_realtime_admin;
create schema extensions;
create schema graphql_public;
create schema vault;
create schema net;
create schema cron;
create schema supabase_functions authorization supabase_functions_admin;
create schema supabase_migrations authorization postgres;
grant create, usage on schema public to postgres;
grant usage on schema public, extensions, auth, storage, realtime, graphql_public to anon, authenticated, service_role;
grant usage on schema public to supabase_auth_admin;
grant usage on schema extensions, auth, storage, realtime, graphql_public, vault, net, cron, supabase_functions to postgres;
grant usage on schema net, supabase_functions to anon, authenticated, service_role;

-- What the owner makes in public is open to everybody until they revoke it: policies are what protects.
alter default privileges for role postgres in schema public
  grant all on tables to anon, authenticated, service_role;
alter default privileges for role postgres in schema public
  grant all on sequences to anon, authenticated, service_role;
alter default privileges for role postgres in schema public
  grant all on functions to anon, authenticated, service_role;
alter default privileges for role supabase_admin in schema public
  grant all on tables to postgres, anon, authenticated, service_role;

create extension pgcrypto schema extensions;
create extension "uuid-ossp" schema extensions;
create extension citext schema public;
create extension hstore schema public;

-- ---------------------------------------------------------------------------------------------------------- accounts

set role supabase_auth_admin;

create type auth.factor_type as enum ('totp', 'webauthn', 'phone');
create type auth.factor_status as enum ('unverified', 'verified');
create type auth.aal_level as enum ('aal1', 'aal2', 'aal3');
create type auth.one_time_token_type as enum ('confirmation_token', 'reauthentication_token', 'recovery_token',
  'email_change_token_new', 'email_change_token_current', 'phone_change_token');

create table auth.users (
  instance_id uuid,
  id uuid primary key,
  aud varchar(255),
  role varchar(255),
  email varchar(255),
  encrypted_password varchar(255),
  email_confirmed_at timestamptz,
  invited_at timestamptz,
  confirmation_token varchar(255),
  confirmation_sent_at timestamptz,
  recovery_token varchar(255),
  recovery_sent_at timestamptz,
  email_change_token_new varchar(255),
  email_change varchar(255),
  email_change_sent_at timestamptz,
  last_sign_in_at timestamptz,
  raw_app_meta_data jsonb,
  raw_user_meta_data jsonb,
  is_super_admin boolean,
  created_at timestamptz,
  updated_at timestamptz,
  phone text unique default null,
  phone_confirmed_at timestamptz,
  phone_change text default '',
  phone_change_token varchar(255) default '',
  phone_change_sent_at timestamptz,
  confirmed_at timestamptz generated always as (least(email_confirmed_at, phone_confirmed_at)) stored,
  email_change_token_current varchar(255) default '',
  email_change_confirm_status smallint default 0 check (email_change_confirm_status between 0 and 2),
  banned_until timestamptz,
  reauthentication_token varchar(255) default '',
  reauthentication_sent_at timestamptz,
  is_sso_user boolean not null default false,
  deleted_at timestamptz,
  is_anonymous boolean not null default false
);
create unique index users_email_partial_key on auth.users (email) where is_sso_user = false;
create index users_instance_id_idx on auth.users (instance_id);

create table auth.identities (
  provider_id text not null,
  user_id uuid not null references auth.users (id) on delete cascade,
  identity_data jsonb not null,
  provider text not null,
  last_sign_in_at timestamptz,
  created_at timestamptz,
  updated_at timestamptz,
  email text generated always as (lower(identity_data ->> 'email')) stored,
  id uuid primary key default gen_random_uuid(),
  unique (provider_id, provider)
);
create index identities_user_id_idx on auth.identities (user_id);

create table auth.mfa_factors (
  id uuid primary key,
  user_id uuid not null references auth.users (id) on delete cascade,
  friendly_name text,
  factor_type auth.factor_type not null,
  status auth.factor_status not null,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  secret text,
  phone text,
  last_challenged_at timestamptz,
  web_authn_credential jsonb,
  web_authn_aaguid uuid
);

create table auth.sessions (
  id uuid primary key,
  user_id uuid not null references auth.users (id) on delete cascade,
  created_at timestamptz,
  updated_at timestamptz,
  factor_id uuid,
  aal auth.aal_level,
  not_after timestamptz,
  user_agent text,
  ip inet
);

create table auth.refresh_tokens (
  instance_id uuid,
  id bigserial primary key,
  token varchar(255) unique,
  user_id varchar(255),
  revoked boolean,
  created_at timestamptz,
  updated_at timestamptz,
  parent varchar(255),
  session_id uuid references auth.sessions (id) on delete cascade
);

create table auth.one_time_tokens (
  id uuid primary key,
  user_id uuid not null references auth.users (id) on delete cascade,
  token_type auth.one_time_token_type not null,
  token_hash text not null check (char_length(token_hash) > 0),
  relates_to text not null,
  created_at timestamp not null default now(),
  updated_at timestamp not null default now()
);

create table auth.audit_log_entries (
  instance_id uuid,
  id uuid primary key,
  payload json,
  created_at timestamptz,
  ip_address varchar(64) not null default ''
);

create table auth.sso_providers (
  id uuid primary key, resource_id text, created_at timestamptz, updated_at timestamptz, disabled boolean
);
create table auth.saml_providers (
  id uuid primary key,
  sso_provider_id uuid not null references auth.sso_providers (id) on delete cascade,
  entity_id text not null unique,
  metadata_xml text not null,
  metadata_url text,
  attribute_mapping jsonb,
  created_at timestamptz,
  updated_at timestamptz,
  name_id_format text
);
create table auth.webauthn_credentials (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null references auth.users (id) on delete cascade,
  credential_id bytea not null,
  public_key bytea not null,
  sign_count bigint not null default 0,
  friendly_name text not null default '',
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
create table auth.oauth_clients (
  id uuid primary key,
  client_secret_hash text,
  redirect_uris text not null,
  grant_types text not null,
  client_name text,
  created_at timestamptz not null default now(),
  deleted_at timestamptz
);
create table auth.flow_state (
  id uuid primary key, user_id uuid, auth_code text, provider_type text not null, authentication_method text not null
);
create table auth.schema_migrations (version varchar(255) primary key);
insert into auth.schema_migrations values ('20171026211738'), ('20260101000000');

create function auth.jwt() returns jsonb language sql stable as $$
  select coalesce(nullif(current_setting('request.jwt.claim', true), ''),
                  nullif(current_setting('request.jwt.claims', true), ''))::jsonb
$$;
create function auth.uid() returns uuid language sql stable as $$
  select coalesce(nullif(current_setting('request.jwt.claim.sub', true), ''),
                  nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'sub')::uuid
$$;
create function auth.role() returns text language sql stable as $$
  select coalesce(nullif(current_setting('request.jwt.claim.role', true), ''),
                  nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'role')
$$;
create function auth.email() returns text language sql stable as $$
  select coalesce(nullif(current_setting('request.jwt.claim.email', true), ''),
                  nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'email')
$$;

alter table auth.users enable row level security;
alter table auth.identities enable row level security;
alter table auth.mfa_factors enable row level security;
alter table auth.sessions enable row level security;
alter table auth.refresh_tokens enable row level security;
alter table auth.one_time_tokens enable row level security;
alter table auth.audit_log_entries enable row level security;
grant all on all tables in schema auth to postgres, dashboard_user;
grant all on all sequences in schema auth to postgres, dashboard_user;
grant execute on all functions in schema auth to postgres, dashboard_user;
grant select on auth.schema_migrations to postgres with grant option;

reset role;

-- ------------------------------------------------------------------------------------------------------------- files

set role supabase_storage_admin;

create type storage.buckettype as enum ('STANDARD', 'ANALYTICS', 'VECTOR');

create table storage.buckets (
  id text primary key,
  name text not null unique,
  owner uuid,
  created_at timestamptz default now(),
  updated_at timestamptz default now(),
  public boolean default false,
  avif_autodetection boolean default false,
  file_size_limit bigint,
  allowed_mime_types text[],
  owner_id text,
  type storage.buckettype not null default 'STANDARD'
);

create table storage.objects (
  id uuid primary key default gen_random_uuid(),
  bucket_id text references storage.buckets (id),
  name text,
  owner uuid,
  created_at timestamptz default now(),
  updated_at timestamptz default now(),
  last_accessed_at timestamptz default now(),
  metadata jsonb,
  path_tokens text[] generated always as (string_to_array(name, '/')) stored,
  version text,
  owner_id text,
  user_metadata jsonb
);
create unique index bucketid_objname on storage.objects (bucket_id, name);
create index name_prefix_search on storage.objects (name text_pattern_ops);

create table storage.s3_multipart_uploads (
  id text primary key,
  in_progress_size bigint not null default 0,
  upload_signature text not null,
  bucket_id text not null references storage.buckets (id),
  key text collate "C" not null,
  version text not null,
  owner_id text,
  created_at timestamptz not null default now()
);
create table storage.migrations (
  id integer primary key, name varchar(100) unique not null, hash varchar(40) not null, executed_at timestamp default now()
);
insert into storage.migrations values (0, 'create-migrations-table', repeat('a', 40));

create function storage.foldername(name text) returns text[] language sql immutable as $$
  select tokens[1 : cardinality(tokens) - 1] from (select string_to_array(name, '/') as tokens) as split
$$;
create function storage.filename(name text) returns text language sql immutable as $$
  select tokens[cardinality(tokens)] from (select string_to_array(name, '/') as tokens) as split
$$;
create function storage.extension(name text) returns text language sql immutable as $$
  select reverse(split_part(reverse(storage.filename(name)), '.', 1))
$$;
create function storage.operation() returns text language sql stable as $$
  select current_setting('storage.operation', true)
$$;
create function storage.touch() returns trigger language plpgsql as $$
begin
  new.updated_at = now();
  return new;
end $$;
create function storage.protect_delete() returns trigger language plpgsql as $$
begin
  if coalesce(current_setting('storage.allow_delete_query', true), 'false') <> 'true' then
    raise exception 'Direct deletion from storage tables is not allowed. Use the Storage API instead.'
      using errcode = '42501';
  end if;
  return null;
end $$;
create trigger update_objects_updated_at before update on storage.objects
  for each row execute function storage.touch();
create trigger protect_objects_delete before delete on storage.objects
  for each statement execute function storage.protect_delete();
create trigger protect_buckets_delete before delete on storage.buckets
  for each statement execute function storage.protect_delete();

alter table storage.buckets enable row level security;
alter table storage.objects enable row level security;
grant all on storage.buckets, storage.objects to anon, authenticated, service_role, postgres with grant option;
grant all on storage.s3_multipart_uploads to service_role;
grant select on storage.migrations to postgres;
reset role;

create policy "Avatars are public" on storage.objects for select using (bucket_id = 'avatars');
create policy "Own folder" on storage.objects to authenticated
  using (bucket_id = 'papers' and (storage.foldername(name))[1] = (select auth.uid())::text)
  with check (bucket_id = 'papers' and (storage.foldername(name))[1] = (select auth.uid())::text);
create policy "Owner deletes" on storage.objects for delete using (owner_id = (auth.jwt() ->> 'sub'));
create policy "Public buckets are listed" on storage.buckets for select to authenticated
  using (public or auth.role() = 'service_role');

-- ------------------------------------------------------------- extensions that live at the old provider, as stand-ins

create table vault.secrets (
  id uuid primary key default gen_random_uuid(),
  name text unique,
  description text not null default '',
  secret text not null,
  key_id uuid,
  nonce bytea default extensions.gen_random_bytes(16),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
create function vault.root_key() returns text language sql stable security definer as $$ select 'bound to this project' $$;
create view vault.decrypted_secrets as
  select id, name, description, secret,
         extensions.pgp_sym_decrypt(decode(secret, 'base64'), vault.root_key()) as decrypted_secret,
         key_id, nonce, created_at, updated_at
  from vault.secrets;
create function vault.create_secret(new_secret text, new_name text default null, new_description text default '')
  returns uuid language sql security definer as $$
  insert into vault.secrets (secret, name, description)
  values (encode(extensions.pgp_sym_encrypt(new_secret, vault.root_key()), 'base64'), new_name, new_description)
  returning id
$$;
revoke all on function vault.root_key() from public;
grant execute on function vault.root_key() to postgres;
grant select, delete on vault.secrets, vault.decrypted_secrets to postgres with grant option;
grant execute on function vault.create_secret(text, text, text) to postgres;

create table cron.job (
  jobid bigserial primary key,
  schedule text not null,
  command text not null,
  nodename text not null default 'localhost',
  nodeport integer not null default 5432,
  database text not null default current_database(),
  username text not null default current_user,
  active boolean not null default true,
  jobname name
);
create table cron.job_run_details (
  jobid bigint, runid bigserial primary key, database text, username text, command text, status text,
  return_message text, start_time timestamptz, end_time timestamptz
);
alter table cron.job enable row level security;
create policy cron_job_policy on cron.job using (username = current_user);
create function cron.schedule(job_name text, schedule text, command text) returns bigint language sql as $$
  insert into cron.job (jobname, schedule, command) values (job_name, schedule, command) returning jobid
$$;
grant select on cron.job, cron.job_run_details to postgres with grant option;
grant insert, update, delete on cron.job to postgres;
grant usage on sequence cron.job_jobid_seq to postgres;

create table net.http_request_queue (
  id bigserial primary key, method text not null, url text not null, headers jsonb, body bytea,
  timeout_milliseconds integer not null
);
create table net._http_response (
  id bigint, status_code integer, content_type text, headers jsonb, content text, timed_out boolean, error_msg text,
  created timestamptz not null default now()
);
create function net.http_post(url text, body jsonb default '{}', params jsonb default '{}',
  headers jsonb default '{"Content-Type": "application/json"}', timeout_milliseconds integer default 5000)
  returns bigint language sql security definer as $$
  insert into net.http_request_queue (method, url, headers, body, timeout_milliseconds)
  values ('POST', url, headers, convert_to(body::text, 'UTF8'), timeout_milliseconds) returning id
$$;

create table supabase_functions.hooks (
  id bigserial primary key, hook_table_id integer not null, hook_name text not null,
  created_at timestamptz not null default now(), request_id bigint
);
create function supabase_functions.http_request() returns trigger language plpgsql security definer as $$
begin
  perform net.http_post(url := tg_argv[0], body := to_jsonb(new));
  return new;
end $$;
grant all on supabase_functions.hooks to postgres, service_role;
grant execute on function supabase_functions.http_request() to postgres, anon, authenticated, service_role;

create table realtime.messages (
  topic text not null, extension text not null, payload jsonb, event text, private boolean default false,
  updated_at timestamp not null default now(), inserted_at timestamp not null default now(),
  id uuid not null default gen_random_uuid(), primary key (id, inserted_at)
) partition by range (inserted_at);
create table realtime.messages_2026_11_24 partition of realtime.messages
  for values from ('2026-11-24') to ('2026-11-25');
create table realtime.subscription (
  id bigint primary key generated always as identity, subscription_id uuid not null, entity regclass not null,
  claims jsonb not null, created_at timestamp not null default timezone('utc', now())
);
create function realtime.topic() returns text language sql stable as $$
  select nullif(current_setting('realtime.topic', true), '')
$$;
create function realtime.send(payload jsonb, event text, topic text, private boolean default true)
  returns void language sql as $$
  insert into realtime.messages (payload, event, topic, private, extension) values ($1, $2, $3, $4, 'broadcast')
$$;
alter table realtime.messages enable row level security;
grant select, insert, update on realtime.messages to postgres, anon, authenticated, service_role;
create policy "Members hear their topic" on realtime.messages for select to authenticated
  using (realtime.topic() = 'room:' || (select auth.uid())::text);

create table supabase_migrations.schema_migrations (version text primary key, statements text[], name text);
insert into supabase_migrations.schema_migrations values ('20240101000000', '{create table x ()}', 'first');

-- They count as extensions, so that the catalogue says of them what it says at the provider.
set allow_system_table_mods = on;
insert into pg_extension (oid, extname, extowner, extnamespace, extrelocatable, extversion)
select 90000 + n, name, (select oid from pg_roles where rolname = 'supabase_admin'), schema::regnamespace, false, version
from (values (1, 'supabase_vault', 'vault', '0.3.1'), (2, 'pg_cron', 'pg_catalog', '1.6.4'),
             (3, 'pg_net', 'extensions', '0.20.0'), (4, 'pg_graphql', 'graphql_public', '1.5.11'),
             (5, 'vector', 'extensions', '0.8.0')) as extension (n, name, schema, version);
reset allow_system_table_mods;
alter extension supabase_vault add table vault.secrets;
alter extension supabase_vault add view vault.decrypted_secrets;
alter extension supabase_vault add function vault.root_key();
alter extension supabase_vault add function vault.create_secret(text, text, text);
alter extension pg_cron add schema cron;
alter extension pg_cron add table cron.job;
alter extension pg_cron add table cron.job_run_details;
alter extension pg_cron add sequence cron.job_jobid_seq;
alter extension pg_cron add sequence cron.job_run_details_runid_seq;
alter extension pg_cron add function cron.schedule(text, text, text);
alter extension pg_net add schema net;
alter extension pg_net add table net.http_request_queue;
alter extension pg_net add table net._http_response;
alter extension pg_net add sequence net.http_request_queue_id_seq;
alter extension pg_net add function net.http_post(text, jsonb, jsonb, jsonb, integer);

-- The platform's own watchers of schema changes.
create function extensions.pgrst_ddl_watch() returns event_trigger language plpgsql as $$
begin
  notify pgrst, 'reload schema';
end $$;
create function extensions.grant_pg_cron_access() returns event_trigger language plpgsql as $$ begin end $$;
create event trigger pgrst_ddl_watch on ddl_command_end execute function extensions.pgrst_ddl_watch();
create event trigger issue_pg_cron_access on ddl_command_end when tag in ('CREATE EXTENSION')
  execute function extensions.grant_pg_cron_access();
create publication supabase_realtime;
alter publication supabase_realtime owner to postgres;

alter database postgres owner to postgres;
