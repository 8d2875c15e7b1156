-- A vault with the names that functions use. Values are encrypted with a key that only a superuser can read here, so
-- that no dump of a single table and no careless grant tells them. Safe to run again: the key stays.
CREATE SCHEMA IF NOT EXISTS vault;
CREATE SCHEMA IF NOT EXISTS extensions;
CREATE EXTENSION IF NOT EXISTS pgcrypto WITH SCHEMA extensions;

CREATE TABLE IF NOT EXISTS vault.key (only_one boolean PRIMARY KEY DEFAULT true CHECK (only_one), value text NOT NULL);
REVOKE ALL ON vault.key FROM PUBLIC;
INSERT INTO vault.key (value)
SELECT pg_catalog.replace(pg_catalog.gen_random_uuid()::text || pg_catalog.gen_random_uuid()::text, '-', '')
ON CONFLICT DO NOTHING;

CREATE TABLE IF NOT EXISTS vault.secrets (
    id uuid PRIMARY KEY DEFAULT pg_catalog.gen_random_uuid(), name text, description text NOT NULL DEFAULT '',
    secret bytea NOT NULL, created_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
    updated_at timestamptz NOT NULL DEFAULT pg_catalog.now()
);
CREATE UNIQUE INDEX IF NOT EXISTS secrets_name_idx ON vault.secrets (name) WHERE name IS NOT NULL;
REVOKE ALL ON vault.secrets FROM PUBLIC;

DO $do$ DECLARE home text := (
    SELECT pg_catalog.quote_ident(n.nspname) FROM pg_catalog.pg_extension AS e
    JOIN pg_catalog.pg_namespace AS n ON n.oid = e.extnamespace WHERE e.extname = 'pgcrypto');
BEGIN
    EXECUTE pg_catalog.format($sql$
        CREATE OR REPLACE FUNCTION vault._open(sealed bytea) RETURNS text LANGUAGE sql STABLE SECURITY DEFINER
        SET search_path = pg_catalog, pg_temp AS $f$ SELECT %1$s.pgp_sym_decrypt(sealed, value) FROM vault.key $f$;
        CREATE OR REPLACE FUNCTION vault._seal(plain text) RETURNS bytea LANGUAGE sql VOLATILE SECURITY DEFINER
        SET search_path = pg_catalog, pg_temp AS
        $f$ SELECT %1$s.pgp_sym_encrypt(plain, value, 'cipher-algo=aes256') FROM vault.key $f$;
    $sql$, home);
END $do$;
REVOKE ALL ON FUNCTION vault._open(bytea), vault._seal(text) FROM PUBLIC;

CREATE OR REPLACE VIEW vault.decrypted_secrets AS
SELECT id, name, description, secret, vault._open(secret) AS decrypted_secret, created_at, updated_at FROM vault.secrets;
REVOKE ALL ON vault.decrypted_secrets FROM PUBLIC;

CREATE OR REPLACE FUNCTION vault.create_secret(new_secret text, new_name text DEFAULT NULL, new_description text DEFAULT '')
RETURNS uuid LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    INSERT INTO vault.secrets (secret, name, description)
    VALUES (vault._seal(new_secret), new_name, coalesce(new_description, '')) RETURNING id
$$;
REVOKE ALL ON FUNCTION vault.create_secret(text, text, text) FROM PUBLIC;

CREATE OR REPLACE FUNCTION vault.update_secret(
    secret_id uuid, new_secret text DEFAULT NULL, new_name text DEFAULT NULL, new_description text DEFAULT NULL
) RETURNS void LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    UPDATE vault.secrets SET secret = CASE WHEN new_secret IS NULL THEN secret ELSE vault._seal(new_secret) END,
        name = coalesce(new_name, name), description = coalesce(new_description, description), updated_at = now()
    WHERE id = secret_id
$$;
REVOKE ALL ON FUNCTION vault.update_secret(uuid, text, text, text) FROM PUBLIC;
