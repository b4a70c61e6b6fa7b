-- An application with its chain: environment, project, organization; null if it is not in that organization.
-- p_lock: every lock serializes the changes of one application, also those of its credentials and routes.
create or replace function portcullis_application_facts(p_application_id text, p_organization_id text, p_lock text) returns jsonb
  language plpgsql volatile set search_path = public, pg_temp as $$
begin
  if p_lock <> '' then
    perform 1 from applications a
      where a.application_id = p_application_id and a.organization_id = p_organization_id for no key update;
  end if;
  return (select jsonb_build_object('applicationId', a.application_id, 'organizationId', a.organization_id,
      'environmentId', a.environment_id, 'environmentKind', e.kind, 'projectId', e.project_id, 'gatewayId', a.gateway_id,
      'name', a.name, 'slug', a.slug, 'access', a.access, 'openedBy', a.opened_by,
      'isClosed', a.closed_at is not null, 'hashAlgorithm', a.hash_algorithm, 'version', a.version,
      -- All credentials of an application have the same cost.
      'hashCost', (select s.hash_cost from security s where s.application_id = a.application_id limit 1))
    from applications a join environments e on e.environment_id = a.environment_id
    where a.application_id = p_application_id and a.organization_id = p_organization_id);
end $$;

revoke execute on function portcullis_application_facts from public;
