-- The e-mail addresses of an organization's owners, for messages about alarms. The sync reads no other address.
create or replace function portcullis_owner_addresses(p_organization_id text) returns setof text
  language sql stable security definer set search_path = public, pg_temp as $$
  select u.email from members m join users u on u.user_id = m.user_id
    where m.organization_id = p_organization_id and m.role = 'owner' order by u.email;
$$;

revoke execute on function portcullis_owner_addresses from public;
grant execute on function portcullis_owner_addresses to portcullis_sync;
