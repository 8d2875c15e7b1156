"""Everything in a database that runs a function while it is made, filled or looked at: `trap.f(place, n)`."""

OBJECTS = """
CREATE FUNCTION trap.definer(n int) RETURNS bool LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN
    PERFORM trap.f('definer', n);
    RETURN NOT EXISTS (SELECT FROM trap.looked_up WHERE i = n);
END $$;
CREATE TABLE trap.looked_up (i int);
CREATE TABLE trap.checked (i int CHECK (trap.f('check', i) > 0), j int CHECK (trap.definer(j)));
CREATE TABLE trap.generated (i int, j int GENERATED ALWAYS AS (i + trap.f('generated', 1)) STORED);
CREATE DOMAIN trap.positive AS int CHECK (trap.f('domain', VALUE) > 0);
CREATE TABLE trap.domains (i trap.positive);
CREATE TABLE trap.key (i int) PARTITION BY LIST ((i + trap.f('key', 1)));
CREATE TABLE trap.key_2 PARTITION OF trap.key FOR VALUES IN (2);
CREATE TABLE trap.bound (i trap.positive) PARTITION BY LIST (i);
CREATE TABLE trap.bound_1 PARTITION OF trap.bound FOR VALUES IN (1);
CREATE TABLE trap.indexed (i int);
CREATE INDEX ON trap.indexed (trap.f('index', i)) WHERE trap.f('predicate', i) > 0;
CREATE STATISTICS trap.known ON (trap.f('statistics', 1) + i), i FROM trap.indexed;
CREATE MATERIALIZED VIEW trap.seen AS SELECT trap.f('view', i) FROM trap.indexed;
CREATE TABLE trap.excluded (i int, EXCLUDE USING btree ((trap.f('exclusion', i)) WITH =));
CREATE TYPE trap.word AS ENUM ('one');
CREATE FUNCTION trap.number(trap.word) RETURNS int LANGUAGE sql IMMUTABLE AS $$ SELECT trap.f('cast', 1) $$;
CREATE CAST (trap.word AS int) WITH FUNCTION trap.number AS IMPLICIT;
CREATE TABLE trap.parent (i int PRIMARY KEY);
CREATE TABLE trap.child (w trap.word REFERENCES trap.parent);
CREATE FUNCTION trap.step(trap.positive, int) RETURNS trap.positive LANGUAGE sql AS 'SELECT 1';
CREATE AGGREGATE trap.total(int) (SFUNC = trap.step, STYPE = trap.positive, INITCOND = '1');
CREATE DOMAIN trap.literal AS int CHECK (trap.f('literal', VALUE) > 0);
CREATE TABLE trap.literals (i int);
CREATE FUNCTION trap.takes(a trap.literal[] DEFAULT '{1}'::trap.literal[]) RETURNS int LANGUAGE sql AS 'SELECT 1';
CREATE FUNCTION trap.gives() RETURNS trap.literal[] LANGUAGE sql BEGIN ATOMIC SELECT '{1}'::trap.literal[]; END;
CREATE PROCEDURE trap."does ;"(a trap.literal[] DEFAULT '{1}'::trap.literal[]) LANGUAGE plpgsql SECURITY DEFINER
    AS 'BEGIN NULL; END';
CREATE POLICY literal ON trap.literals USING ('{1}'::trap.literal[] IS NOT NULL);
CREATE FUNCTION trap.on_change() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER literal BEFORE INSERT ON trap.literals FOR EACH ROW WHEN ('{1}'::trap.literal[] IS NOT NULL)
    EXECUTE FUNCTION trap.on_change();
CREATE RULE literal AS ON DELETE TO trap.literals WHERE '{1}'::trap.literal[] IS NOT NULL DO INSTEAD NOTHING;
CREATE STATISTICS trap.of_literals ON (i + cardinality('{1}'::trap.literal[])), i FROM trap.literals;
CREATE TABLE trap.late (i int);
CREATE FUNCTION public.format(text, name, name, name) RETURNS text LANGUAGE sql AS $$ SELECT trap.f('name', 1)::text $$;
CREATE FUNCTION public.hashint8extended(int, bigint) RETURNS bigint LANGUAGE sql AS $$ SELECT trap.f('hash', 1) $$;
SELECT lo_from_bytea(0, 'a large object');
INSERT INTO trap.checked VALUES (1, 1);
INSERT INTO trap.generated VALUES (1);
INSERT INTO trap.domains VALUES (1);
INSERT INTO trap.key VALUES (1);
INSERT INTO trap.bound VALUES (1);
INSERT INTO trap.indexed VALUES (1);
REFRESH MATERIALIZED VIEW trap.seen;
INSERT INTO trap.excluded VALUES (1);
INSERT INTO trap.parent VALUES (1);
INSERT INTO trap.child VALUES ('one');
INSERT INTO trap.late VALUES (1);
ALTER TABLE trap.late ADD CHECK (trap.f('late', i) > 0) NOT VALID;
"""
