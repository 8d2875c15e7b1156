-- How many bytes of text a person keeps: their entries, the bin included, and earlier versions. Counted by the database
-- at every change, whoever makes it, so that asking costs one row; and the row, which a change holds until it ends, makes
-- changes of one person that come at once wait for each other: no two of them pass the last free place.
create table text_use (
  user_id uuid primary key references "user" (id) on delete cascade,
  bytes bigint not null
);

create function text_bytes(title text, body text) returns bigint
  language sql immutable parallel safe strict
  return octet_length(title)::bigint + octet_length(body);

-- In the order of the ids, so that two changes of several people's rows cannot wait for each other. Where a person goes
-- away with everything, nothing is counted any more. Both find their tables whatever path the one who changes them has.
create function count_texts() returns trigger language plpgsql set search_path from current as $$
declare
  one record;
begin
  for one in
    select user_id, sum(text_bytes(title, body)) * case tg_op when 'DELETE' then -1 else 1 end as bytes
    from changed group by user_id order by user_id
  loop
    insert into text_use (user_id, bytes) select one.user_id, one.bytes where exists (select from "user" where id = one.user_id)
      on conflict (user_id) do update set bytes = text_use.bytes + excluded.bytes;
  end loop;
  return null;
end $$;

create function count_changed_texts() returns trigger language plpgsql set search_path from current as $$
declare
  one record;
begin
  for one in
    select user_id, sum(bytes) as bytes from (
      select user_id, text_bytes(title, body) as bytes from after_change
      union all select user_id, -text_bytes(title, body) from before_change
    ) both_texts group by user_id having sum(bytes) <> 0 order by user_id
  loop
    update text_use set bytes = text_use.bytes + one.bytes where user_id = one.user_id;
  end loop;
  return null;
end $$;

create trigger entry_added after insert on entry referencing new table as changed for each statement execute function count_texts();
create trigger entry_removed after delete on entry referencing old table as changed for each statement execute function count_texts();
create trigger entry_changed after update on entry referencing old table as before_change new table as after_change
  for each statement execute function count_changed_texts();
create trigger version_added after insert on entry_version referencing new table as changed for each statement execute function count_texts();
create trigger version_changed after update on entry_version referencing old table as before_change new table as after_change
  for each statement execute function count_changed_texts();
create trigger version_removed after delete on entry_version referencing old table as changed for each statement execute function count_texts();

-- The triggers hold both tables until this is committed: nothing is written in between.
insert into text_use (user_id, bytes)
  select user_id, sum(text_bytes(title, body)) from (
    select user_id, title, body from entry union all select user_id, title, body from entry_version
  ) texts group by user_id;
