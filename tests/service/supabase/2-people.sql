-- 231 people of every kind that has lost somebody a move. Person n has the id person(n); where they have a password it
-- is `Passw0rd-<n>!`, as bcrypt unless their kind says otherwise. Run as `postgres`, before the app has triggers.
--
--   1-100   by e-mail: 1 super admin · 2 moderator by app metadata · 3 database role `service_role` · every 10th also a
--           phone · 7 and 57 without an identity · 31-34 banned · 35-36 ban expired · 37 banned for ever ·
--           41-43 TOTP verified · 44 TOTP begun · 45 second factor by phone · 46 WebAuthn as a factor · 47 a passkey
-- 101-120   Google                          121-130  GitHub and e-mail
-- 131-134   phone and password              135-138  phone alone
-- 139-148   anonymous                       149-154  deleted softly
-- 155-160   single sign-on, with the addresses of 11-16
-- 161-166   address not confirmed           167-172  invited, never came
-- 173-176   21-24 again, in capitals        177-182  Azure
-- 183-186   Apple                           187-188  password without identity
-- 189-190   Argon2id                        191-192  Firebase's scrypt
-- 193-196   e-mail, Google and GitHub       197-200  LinkedIn by OpenID Connect
-- 201-208   names and addresses beyond ASCII
-- 209       a provider of the founder's own 210      a provider nobody knows
-- 211       neither address nor phone       212      no metadata, no dates
-- 213-230   by e-mail, untouched by any test but the ones that count
-- 231       made through the app's triggers (3-app.sql)

create function public.person(n integer) returns uuid language sql immutable as $$
  select overlay(overlay(md5('person ' || n) placing '4' from 13) placing '8' from 17)::uuid
$$;

create function public.hashed(n integer) returns text language sql as $$
  select extensions.crypt('Passw0rd-' || n || '!', extensions.gen_salt('bf', case when n <= 4 then 10 else 4 end))
$$;

insert into auth.users (instance_id, id, aud, role, email, encrypted_password, email_confirmed_at, invited_at,
  confirmation_token, recovery_token, email_change_token_new, email_change, last_sign_in_at, raw_app_meta_data,
  raw_user_meta_data, is_super_admin, created_at, updated_at, phone, phone_confirmed_at, banned_until, is_sso_user,
  deleted_at, is_anonymous)
select
  '00000000-0000-0000-0000-000000000000',
  person(n),
  'authenticated',
  case when n = 3 then 'service_role' else 'authenticated' end,
  case
    when n between 131 and 148 or n = 211 then null
    when n between 149 and 154 then encode(extensions.digest('person' || n, 'sha256'), 'hex')
    when n between 155 and 160 then 'person' || (n - 144) || '@example.com'
    when n between 173 and 176 then 'PERSON' || (n - 152) || '@Example.com'
    when n between 201 and 208 then 'persönlich' || n || '@exämple.com'
    else 'person' || n || '@example.com'
  end,
  case
    when n between 101 and 120 or n between 177 and 186 or n between 197 and 200 or n in (209, 210) then ''
    when n between 135 and 160 or n between 167 and 172 or n = 211 then null
    when n = 189 then '$argon2id$v=19$m=64,t=1,p=1$Zm91bmRlcnNhbHRmb3UxOA$545evDHVJ64GayDj5I6LUTNVKfmRzgQupCGTvbPoics'
    when n = 190 then '$argon2id$v=19$m=64,t=1,p=1$Zm91bmRlcnNhbHRmb3UxOQ$k+CQzk/b4E7iaeutGPEOgl5/UN6InsicSo1xEkTPRZw'
    when n = 191 then '$fbscrypt$v=1,n=10,r=8,p=1,ss=Bw==,'
      || 'sk=c2lnbmVyLWtleS1vZi10aGUtcHJvamVjdC02NGJ5dGVzaWduZXIta2V5LW9mLXRoZS1wcm9qZWN0LTY0Ynl0ZQ==$c2FsdCBvZiAxOTE='
      || '$eQpwylXu/qbneJvBKgLYM11D23Ug9c/+0+OU1Cyq9T2jWyg2WJpC0Ol1mqu678O01QOcQ8lgMlFIt8IBny3R0Q=='
    when n = 192 then '$fbscrypt$v=1,n=10,r=8,p=1,ss=Bw==,'
      || 'sk=c2lnbmVyLWtleS1vZi10aGUtcHJvamVjdC02NGJ5dGVzaWduZXIta2V5LW9mLXRoZS1wcm9qZWN0LTY0Ynl0ZQ==$c2FsdCBvZiAxOTI='
      || '$/Kx58OOIj+5IoQ68sakQcLh9Ic7dwExss0JwnTgRL/HDrAGk7S48mFLpThlyKe054kxYdoaK3/W80OhfZbzeIg=='
    else hashed(n)
  end,
  case when n between 131 and 148 or n between 161 and 172 or n = 211 then null
       else timestamptz '2025-01-01' + n * interval '1 hour' end,
  case when n between 167 and 172 then timestamptz '2025-06-01' + n * interval '1 hour' end,
  '', '', '', '',
  case when n between 161 and 172 then null else timestamptz '2026-01-01' + n * interval '1 hour' end,
  case
    when n = 2 then '{"provider": "email", "providers": ["email"], "role": "moderator"}'::jsonb
    when n between 101 and 120 then '{"provider": "google", "providers": ["google"]}'
    when n = 212 then null
    else '{"provider": "email", "providers": ["email"]}'
  end,
  case
    when n between 139 and 148 or n = 212 then null
    when n between 201 and 208 then jsonb_build_object('full_name', 'Ñandú Ωmega ' || n, 'emoji', '🦊', 'nested',
      '{"a": [1, 2.50, null], "ключ": "\\u0000 is text"}'::jsonb)
    when n % 3 = 0 then jsonb_build_object('name', 'Person ' || n, 'avatar_url', 'https://example.com/' || n || '.png')
    when n % 3 = 1 then jsonb_build_object('full_name', 'Person the ' || n || 'th')
    else '{}'::jsonb
  end,
  case when n = 1 then true end,
  case when n = 212 then null else timestamptz '2025-01-01' + n * interval '1 hour' end,
  case when n = 212 then null else timestamptz '2026-02-01' + n * interval '1 hour' end,
  case
    when n <= 100 and n % 10 = 0 then '4917000' || lpad(n::text, 5, '0')
    when n between 131 and 138 then '4917000' || lpad(n::text, 5, '0')
    when n between 149 and 151 then encode(extensions.digest('phone' || n, 'sha256'), 'hex')
  end,
  case when (n <= 100 and n % 20 = 0) or n between 131 and 138 then timestamptz '2025-02-01' end,
  case
    when n between 31 and 34 then timestamptz '2126-01-01'
    when n in (35, 36) then timestamptz '2025-03-01'
    when n = 37 then 'infinity'
  end,
  n between 155 and 160,
  case when n between 149 and 154 then timestamptz '2025-05-01' end,
  n between 139 and 148
from generate_series(1, 230) as n;

insert into auth.identities (provider_id, user_id, identity_data, provider, last_sign_in_at, created_at, updated_at)
select coalesce(subject, id::text), id,
  jsonb_strip_nulls(jsonb_build_object('sub', coalesce(subject, id::text), 'email', email, 'phone', phone,
    'name', case when provider not in ('email', 'phone') then 'Name at ' || provider end)),
  provider, last_sign_in_at, created_at, updated_at
from (
  select n, person(n) as id, provider, case when provider not in ('email', 'phone') then prefix || n end as subject
  from (
    select n, 'email', '' from generate_series(1, 100) as n where n not in (7, 57)
    union all select n, 'google', '10769' from generate_series(101, 120) as n
    union all select n, 'github', '583' from generate_series(121, 130) as n
    union all select n, 'email', '' from generate_series(121, 130) as n
    union all select n, 'phone', '' from generate_series(131, 138) as n
    union all select n, 'sso:5a5a5a5a-0000-4000-8000-000000000001', 'name-id-' from generate_series(155, 160) as n
    union all select n, 'email', '' from generate_series(161, 176) as n
    union all select n, 'azure', 'AAAAAAAAAAAAAAAAAAAAA' from generate_series(177, 182) as n
    union all select n, 'apple', '0017.' from generate_series(183, 186) as n
    union all select n, 'email', '' from generate_series(189, 196) as n
    union all select n, 'google', '20769' from generate_series(193, 196) as n
    union all select n, 'github', '683' from generate_series(193, 196) as n
    union all select n, 'linkedin_oidc', 'Li-' from generate_series(197, 200) as n
    union all select n, 'email', '' from generate_series(201, 208) as n
    union all values (209, 'custom:acme', 'acme-'), (210, 'figment', 'fig-')
    union all select n, 'email', '' from generate_series(212, 230) as n
  ) as kind (n, provider, prefix)
) as identity join auth.users using (id);

insert into auth.mfa_factors (id, user_id, friendly_name, factor_type, status, created_at, updated_at, secret, phone)
select person(1000 + n), person(n), 'factor ' || n,
  (case when n <= 44 then 'totp' when n = 45 then 'phone' else 'webauthn' end)::auth.factor_type,
  (case when n = 44 then 'unverified' else 'verified' end)::auth.factor_status,
  '2025-02-01', '2025-02-01', case when n <= 44 then 'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP' end,
  case when n = 45 then '+4917000000045' end
from generate_series(41, 46) as n;
insert into auth.webauthn_credentials (user_id, credential_id, public_key) values (person(47), '\x01', '\x02');
insert into auth.sso_providers values ('5a5a5a5a-0000-4000-8000-000000000001', 'acme', now(), now(), false);
insert into auth.saml_providers (id, sso_provider_id, entity_id, metadata_xml)
values (person(2000), '5a5a5a5a-0000-4000-8000-000000000001', 'https://idp.example.com/saml', '<EntityDescriptor/>');
insert into auth.sessions (id, user_id, created_at, updated_at, aal)
select person(3000 + n), person(n), now(), now(), 'aal1' from generate_series(1, 20) as n;
insert into auth.refresh_tokens (token, user_id, revoked, created_at, session_id)
select 'token-' || n, person(n)::text, false, now(), person(3000 + n) from generate_series(1, 20) as n;
insert into auth.one_time_tokens (id, user_id, token_type, token_hash, relates_to)
values (person(4000), person(167), 'confirmation_token', 'abc', 'person167@example.com');
insert into auth.audit_log_entries (id, payload, created_at)
select person(5000 + n), '{"action": "login", "odd": "\u0000"}', now() from generate_series(1, 5) as n;
insert into auth.oauth_clients (id, redirect_uris, grant_types, client_name)
values (person(6000), 'https://partner.example.com/back', 'authorization_code', 'A partner');
