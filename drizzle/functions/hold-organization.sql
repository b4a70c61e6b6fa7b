-- The first lock of every change that can take an owner's role away.
create or replace function portcullis_hold_organization(p_organization_id text) returns void
  language sql volatile security definer set search_path = public, pg_temp as $$
  select 1 from organizations o where o.organization_id = p_organization_id
    and p_organization_id = coalesce(portcullis_organization(), p_organization_id) for no key update
$$;

revoke execute on function portcullis_hold_organization from public;
grant execute on function portcullis_hold_organization to portcullis_tenant, portcullis_host, portcullis_identity;
