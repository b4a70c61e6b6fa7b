-- Which of these persons, who are members of the transaction's organization, have a second factor.
create or replace function portcullis_with_second_factor(p_user_ids text[]) returns setof text
  language sql stable security definer set search_path = public, pg_temp as $$
  select m.user_id from members m
  where m.organization_id = portcullis_organization() and m.user_id = any (p_user_ids)
    and (exists (select 1 from totp_secrets t where t.user_id = m.user_id and t.confirmed_at is not null)
      or exists (select 1 from passkeys k where k.user_id = m.user_id))
$$;

revoke execute on function portcullis_with_second_factor from public;
grant execute on function portcullis_with_second_factor to portcullis_tenant;
