-- Roles, the app's database, and who may sign in. Run again whenever a password is rotated; safe to repeat.
-- Variables: login, password (the app's sign-in of today), viewer_password.

-- Only what PostgreSQL brings is called here: a function that the app has put beside it would run as superuser.
SET search_path = pg_catalog, pg_temp;

-- Statements that carry passwords are kept out of the log and out of pg_stat_statements.
SET log_statement = 'none';
SET log_min_error_statement = 'panic';
SET log_min_duration_statement = -1;
LOAD 'pg_stat_statements';
SET pg_stat_statements.track = 'none';

-- `app` owns the database and signs in nowhere. `founder` is for people's tools.
SELECT format('CREATE ROLE %I', name) FROM unnest(ARRAY['app', 'founder', 'backup', :'login']) AS name
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name) \gexec
ALTER ROLE app NOLOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE;
ALTER ROLE founder LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD :'viewer_password';
GRANT app TO founder;
GRANT pg_monitor TO founder;

-- The app signs in by a role of its own for each password, and is `app` from then on.
GRANT app TO :"login";
ALTER ROLE :"login" LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE VALID UNTIL 'infinity' PASSWORD :'password';
ALTER ROLE :"login" SET role = 'app';

SELECT 'CREATE DATABASE app OWNER app' WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'app') \gexec
-- Only where something changes: a transaction of the app's may hold what stands about its database.
SELECT 'REVOKE CONNECT ON DATABASE app FROM PUBLIC' WHERE has_database_privilege('public', 'app', 'CONNECT') \gexec

-- The other databases are the superuser's. Health questions and people's tools are asked in one of them.
REVOKE CONNECT, TEMPORARY ON DATABASE postgres, template1 FROM PUBLIC;
GRANT CONNECT ON DATABASE postgres TO founder, probe;

-- Backups read everything and change nothing; row-level security must not hide rows from them.
ALTER ROLE backup LOGIN BYPASSRLS NOSUPERUSER NOCREATEDB NOCREATEROLE CONNECTION LIMIT 10;
ALTER ROLE backup SET default_transaction_read_only = on;
GRANT pg_read_all_data TO backup;
GRANT CONNECT ON DATABASE postgres TO backup;
SELECT 'GRANT CONNECT ON DATABASE app TO backup' WHERE NOT has_database_privilege('backup', 'app', 'CONNECT') \gexec
