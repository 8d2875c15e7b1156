-- The app's sign-ins with earlier passwords end, once instances with today's are the ones that serve. Safe to repeat.
-- Variables: login (the app's sign-in of today). Said in the app's database.

SET search_path = pg_catalog, pg_temp;

-- Instances that still have the former password go on opening connections while they finish; then it ends.
SELECT format('ALTER ROLE %I VALID UNTIL %L', rolname, now() + interval '10 minutes') FROM pg_roles
WHERE rolname ~ '^app_[0-9a-f]{8}$' AND rolname <> :'login' AND coalesce(rolvaliduntil, 'infinity') = 'infinity' \gexec

-- What the app has made as one of them (SET ROLE NONE) is the app's.
SELECT format('REASSIGN OWNED BY %I TO app', rolname) FROM pg_roles
WHERE rolname ~ '^app_[0-9a-f]{8}$' AND rolname <> :'login' \gexec

-- One that something was granted to, or that owns something elsewhere, stays and cannot sign in.
SELECT format('ALTER ROLE %I NOLOGIN PASSWORD NULL', rolname) FROM pg_roles
WHERE rolname ~ '^app_[0-9a-f]{8}$' AND rolname <> :'login' AND rolvaliduntil < now() \gexec
SELECT format('DROP ROLE %I', rolname) FROM pg_roles r
WHERE rolname ~ '^app_[0-9a-f]{8}$' AND rolname <> :'login' AND rolvaliduntil < now()
    AND NOT EXISTS (SELECT FROM pg_shdepend WHERE refclassid = 'pg_authid'::regclass AND refobjid = r.oid) \gexec
