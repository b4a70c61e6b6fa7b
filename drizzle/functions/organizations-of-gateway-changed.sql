-- An update of a gateway replaces the list of its organizations, so a change of that list is a change of the gateway.
create or replace function portcullis_organizations_of_gateway_changed() returns trigger
  language plpgsql security definer set search_path = public, pg_temp as $$
begin
  update gateways g
    set version = greatest(g.version + 1, floor(extract(epoch from clock_timestamp()) * 1000)::bigint)
    where g.gateway_id = coalesce(new.gateway_id, old.gateway_id);
  return null;
end $$;

revoke execute on function portcullis_organizations_of_gateway_changed from public;

create or replace trigger organization_gateways_version after insert or delete on organization_gateways
  for each row execute function portcullis_organizations_of_gateway_changed();
