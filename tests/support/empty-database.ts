import { inject } from "vitest";
import { openAsOwner } from "./owner-connection";

/** A new database on the temporary cluster, without a table. @returns its connection string */
export async function emptyDatabase(): Promise<string> {
  const clusterUrl = inject("clusterUrl");
  const name = `empty_${process.pid}_${Math.random().toString(36).slice(2, 10)}`;
  const maintenance = openAsOwner(clusterUrl);
  await maintenance.unsafe(`create database ${name}`);
  await maintenance.end();
  const url = new URL(clusterUrl);
  url.pathname = `/${name}`;
  return url.href;
}
