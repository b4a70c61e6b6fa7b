import { inject } from "vitest";
import { openAsOwner } from "./owner-connection";

/** Creates a database without tables on the temporary cluster. @returns its connection string */
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
