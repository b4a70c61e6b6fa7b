import type { TestProject } from "vitest/node";
import { migratePostgresDatabase } from "#src/database/migrate";
import { setAgainstUs } from "./hostile-settings";
import { startCluster } from "./postgres-cluster";
import { clusterTemplate, projectFolder } from "./test-database";

/**
 * Starts one temporary cluster with one migrated template, for the project that runs the database suite on PostgreSQL.
 */
export default async function setup(project: TestProject): Promise<(() => Promise<void>) | undefined> {
  if (project.config.env.PORTCULLIS_TEST_DATABASE !== "postgres") {
    project.provide("clusterUrl", "");
    return undefined;
  }
  const cluster = await startCluster();
  await setAgainstUs(cluster.url());
  await migratePostgresDatabase(await cluster.createDatabase(clusterTemplate), projectFolder);
  project.provide("clusterUrl", cluster.url("postgres"));
  return () => cluster.stop();
}
