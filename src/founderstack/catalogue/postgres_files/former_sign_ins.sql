-- Sign-ins with earlier passwords end, once those who serve have today's. Safe to repeat.
-- Variables: today (the sign-ins with today's passwords, with commas between them). Said in the app's database.

SET search_path = pg_catalog, pg_temp;

-- The app's, and those of programs, also where a component has left the stack: name_12345678 is a sign-in of name.
\set ours '(owner.rolname = ''app'' OR shobj_description(owner.oid, ''pg_authid'') = ''founder: the role of a program'')'
\set former_of 'FROM pg_roles former JOIN pg_roles owner ON owner.rolname = left(former.rolname, -9) WHERE'
\set is_former 'right(former.rolname, 9) ~ ''^_[0-9a-f]{8}$'' AND former.rolname <> ALL (string_to_array(:''today'', '',''))'

-- Instances that still have the former password go on opening connections while they finish; then it ends.
SELECT format('ALTER ROLE %I VALID UNTIL %L', former.rolname, now() + interval '10 minutes')
:former_of :ours AND :is_former AND coalesce(former.rolvaliduntil, 'infinity') = 'infinity' \gexec

-- What was made as one of them (SET ROLE NONE) belongs to whose sign-in it was.
SELECT format('REASSIGN OWNED BY %I TO %I', former.rolname, owner.rolname) :former_of :ours AND :is_former \gexec

-- One that something was granted to, or that owns something elsewhere, stays and cannot sign in.
SELECT format('ALTER ROLE %I NOLOGIN PASSWORD NULL', former.rolname)
:former_of :ours AND :is_former AND former.rolvaliduntil < now() \gexec
SELECT format('DROP ROLE %I', former.rolname) :former_of :ours AND :is_former AND former.rolvaliduntil < now()
    AND NOT EXISTS (SELECT FROM pg_shdepend WHERE refclassid = 'pg_authid'::regclass AND refobjid = former.oid) \gexec
