-- How large the small picture beside a file is, so that a page leaves room for it. 0 where the file only claims to be a
-- picture, or is too large a one; null where nobody looked.
alter table attachment add column width integer, add column height integer;
