-- A claim of the organization.
create or replace function portcullis_locate_claim(p_id text, p_organization_id text, p_principal jsonb, p_lock text)
  returns table (object jsonb, project_id text)
  language plpgsql volatile set search_path = public, pg_temp as $$
begin
  select jsonb_build_object('claimId', c.claim_id, 'organizationId', c.organization_id, 'gatewayId', c.gateway_id,
      'kind', c.kind, 'value', c.value, 'denyGroup', c.deny_group) into object
    from claims c where c.claim_id = p_id and c.organization_id = p_organization_id;
  return next;
end $$;

revoke execute on function portcullis_locate_claim from public;
