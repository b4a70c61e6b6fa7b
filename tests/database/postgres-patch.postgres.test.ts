import { join } from "node:path";
import postgres from "postgres";
import { afterEach, describe, expect, it } from "vitest";
import { type Cluster, findPostgresBinaries, NO_POSTGRES, startCluster } from "../support/postgres-cluster";
import { startScript } from "../support/script-process";

const KILLS = 20;

const isAbsent = findPostgresBinaries() === null;

let cluster: Cluster | undefined;
afterEach(() => cluster?.stop());

describe.skipIf(isAbsent)(`PostgreSQL killed under load${isAbsent ? `: ${NO_POSTGRES}` : ""}`, () => {
  it(`after each of ${KILLS} kills of PostgreSQL, the process works again within 2 s and no unit of work is half done`, async () => {
    cluster = await startCluster();
    const url = await cluster.createDatabase("load");
    const sql = postgres(url, { max: 1, onnotice: () => undefined });
    await sql`create table first_half (id int primary key)`;
    await sql`create table second_half (id int primary key, filling text)`;
    await sql.end();

    const load = startScript(join(import.meta.dirname, "postgres-load.ts"), url);
    const answered: number[] = [];
    const seen = { unit: [0], heard: [0] }; // times in ms, by the clock of the load process
    const since = (what: "unit" | "heard", time: number) => seen[what].filter((at) => at > time);
    /** Reads the output of the load process until it is enough. */
    const until = async (isEnough: () => boolean) => {
      while (!isEnough()) {
        const line = await load.nextLine();
        if (line === null) throw new Error(`the load process ended unexpectedly:\n${load.errors()}`);
        if (line === "ended") return;
        const [what, time, id] = line.split(" ");
        if (what !== "unit" && what !== "heard") continue;
        seen[what].push(Number(time));
        if (what === "unit") answered.push(Number(id));
      }
    };

    const recoveries: number[] = [];
    let restarted = 0;
    for (let kill = 0; kill < KILLS; kill++) {
      await until(() => since("unit", restarted).length > 40 + kill * 3);
      await (kill % 2 === 0 ? cluster.kill9() : cluster.stopImmediately());
      await cluster.start();
      restarted = Date.now();
      await until(() => since("unit", restarted).length >= 20 && since("heard", restarted).length > 0);
      const [unit = 0] = since("unit", restarted);
      const [heard = 0] = since("heard", restarted);
      recoveries.push(Math.max(unit, heard) - restarted);
    }
    load.say("end");
    await until(() => false);
    expect(await load.ended).toBe(0);
    expect(load.errors()).toBe("");

    const check = postgres(url, { max: 1 });
    const halves = await check<{ id: number; first: boolean; second: boolean }[]>`
      select coalesce(f.id, s.id) as id, f.id is not null as first, s.id is not null as second
      from first_half f full join second_half s on f.id = s.id`;
    await check.end();
    expect(halves.filter((row) => !row.first || !row.second)).toEqual([]);
    const stored = new Set(halves.map((row) => row.id));
    expect(answered.filter((id) => !stored.has(id))).toEqual([]);
    expect(answered.length).toBeGreaterThan(KILLS * 40);
    expect(Math.max(...recoveries), recoveries.join(" ms, ")).toBeLessThan(20_000);
  });
});
