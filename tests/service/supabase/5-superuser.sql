-- What only the provider could do for the owner, or only older projects have. Run as `supabase_admin`.

create function public.log_ddl() returns event_trigger language plpgsql as $$ begin end $$;
alter function public.log_ddl() owner to postgres;
create event trigger my_ddl_log on ddl_command_end execute function public.log_ddl();
alter role postgres superuser; -- for this one moment: older projects' event triggers belong to the owner
alter event trigger my_ddl_log owner to postgres;
alter role postgres nosuperuser;
create publication whole_shop for tables in schema shop;
alter table storage.objects add column if not exists archived_at timestamptz;
analyze;
