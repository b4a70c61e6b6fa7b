-- Which provider opened the session of a member of the transaction's organization; null for all other ways to sign in.
-- No row: the session has ended.
create or replace function portcullis_provider_of_session(p_session_id text) returns table (provider_id text)
  language sql volatile security definer set search_path = public, pg_temp as $$
  select coalesce(s.provider_id, case when 'trusted_header' = any (s.methods) then 'trusted_header' end)
    from sessions s join members m on m.user_id = s.user_id and m.organization_id = portcullis_organization()
    where s.session_id = p_session_id
$$;

revoke execute on function portcullis_provider_of_session from public;
grant execute on function portcullis_provider_of_session to portcullis_tenant;
