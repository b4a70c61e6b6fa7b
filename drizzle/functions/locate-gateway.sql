-- A gateway. The root organization finds every gateway, other organizations those on which they are allowed.
create or replace function portcullis_locate_gateway(p_id text, p_organization_id text, p_principal jsonb, p_lock text)
  returns table (object jsonb, project_id text)
  language plpgsql volatile set search_path = public, pg_temp as $$
begin
  if p_lock = 'update' then
    perform 1 from gateways g where g.gateway_id = p_id for no key update;
  end if;
  select jsonb_build_object('gatewayId', g.gateway_id, 'name', g.name, 'address', g.address,
      'probeAddress', g.probe_address, 'tags', g.tags, 'version', g.version) into object
    from gateways g
    where g.gateway_id = p_id and (
      exists (select 1 from organizations o where o.organization_id = p_organization_id and o.root)
      or exists (select 1 from organization_gateways a
        where a.gateway_id = g.gateway_id and a.organization_id = p_organization_id));
  return next;
end $$;

revoke execute on function portcullis_locate_gateway from public;
