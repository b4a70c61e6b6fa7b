import { environments, projects } from "#drizzle/projects";
import { newId } from "#src/platform/ids";
import { factoryOf } from "./factory";

export const projectRows = factoryOf(projects, () => {
  const projectId = newId("project");
  return { projectId, name: "Project", slug: projectId.replace("_", "-"), createdAt: new Date() };
});

export const environmentRows = factoryOf(environments, () => {
  const environmentId = newId("environment");
  return {
    environmentId,
    name: "Production",
    slug: environmentId.replace("_", "-"),
    kind: "production" as const,
    createdAt: new Date(),
  };
});
