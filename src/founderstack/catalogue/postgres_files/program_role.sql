-- The role of a component's program. Run again whenever its password is rotated; safe to repeat.
-- Variables: role, login (its sign-in of today), password, member_of and search_path (names with commas between them),
-- schema ("" for none), connections. Said in the app's database.

-- Only what PostgreSQL brings is called here: a function that the app has put beside it would run as superuser.
SET search_path = pg_catalog, pg_temp;

-- Statements that carry passwords are kept out of the log and out of pg_stat_statements.
SET log_statement = 'none';
SET log_min_error_statement = 'panic';
SET log_min_duration_statement = -1;
LOAD 'pg_stat_statements';
SET pg_stat_statements.track = 'none';

SELECT format('CREATE ROLE %I', name) FROM unnest(ARRAY[:'role', :'login']) AS name
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name) \gexec
ALTER ROLE :"role" NOLOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS;
-- By this its sign-ins are known, also when its component has left the stack.
COMMENT ON ROLE :"role" IS 'founder: the role of a program';

-- It may what is said here, and no more.
SELECT format('REVOKE %I FROM %I', granted.rolname, :'role') FROM pg_auth_members m
JOIN pg_roles granted ON granted.oid = m.roleid JOIN pg_roles member ON member.oid = m.member
WHERE member.rolname = :'role' AND granted.rolname <> ALL (string_to_array(:'member_of', ',')) \gexec
SELECT format('GRANT %I TO %I', name, :'role') FROM unnest(string_to_array(:'member_of', ',')) AS name \gexec
SELECT format('GRANT CONNECT ON DATABASE %I TO %I', current_database(), :'role')
WHERE NOT has_database_privilege(:'role', current_database(), 'CONNECT') \gexec

GRANT :"role" TO :"login";
ALTER ROLE :"login" LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS CONNECTION LIMIT :connections
    VALID UNTIL 'infinity' PASSWORD :'password';
ALTER ROLE :"login" SET role = :'role';
SELECT coalesce(
    (SELECT format('ALTER ROLE %I SET search_path = %s', :'login', string_agg(format('%I', name), ', ' ORDER BY place))
     FROM unnest(string_to_array(:'search_path', ',')) WITH ORDINALITY AS said (name, place) HAVING count(*) > 0),
    format('ALTER ROLE %I RESET search_path', :'login')) \gexec

-- One of that name that is somebody else's is not taken over: what others have put into it would run as this role.
SELECT format('DO %L', format('BEGIN RAISE EXCEPTION %L; END', format('the schema %s belongs to %s', nspname, rolname)))
FROM pg_namespace JOIN pg_roles owner ON owner.oid = nspowner WHERE nspname = :'schema' AND rolname <> :'role' \gexec
SELECT format('CREATE SCHEMA %I AUTHORIZATION %I', :'schema', :'role')
WHERE :'schema' <> '' AND NOT EXISTS (SELECT FROM pg_namespace WHERE nspname = :'schema') \gexec
