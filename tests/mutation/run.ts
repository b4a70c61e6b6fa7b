import { availableParallelism } from "node:os";
import { allMutants, mutantsByPromise } from "./all-mutants";
import { type Mutant, nameOf } from "./mutant";
import { problemsOf } from "./problems-of";
import { openWorkspace, type Workspace } from "./workspace";

/**
 * `npm run test:mutation [-- part of a promise, path, symbol, requirement id or description …]`: applies one mutant at a
 * time in copies of the project, and runs the tests that must notice it. Exits with 1 when a mutant survives, when a mutant of the
 * list no longer applies, or when the tests fail without a mutant.
 */

const filters = process.argv.slice(2);
const chosen = Object.entries(mutantsByPromise).flatMap(([promise, mutants]) => {
  return mutants.filter((mutant) =>
    isWanted(`${promise} ${nameOf(mutant)} ${mutant.requirement} ${mutant.description}`),
  );
});
const verdicts = { passed: "SURVIVED ", failed: "killed   ", "timed out": "timed out" } as const;
const print = (text: string) => void process.stdout.write(`${text}\n`);

const problems = problemsOf(allMutants);
if (chosen.length === 0) problems.push(`no mutant matches ${filters.join(", ")}`);
if (problems.length === 0) await run();
for (const problem of problems) print(problem);
process.exitCode = problems.length > 0 ? 1 : 0;

function isWanted(text: string): boolean {
  return filters.length === 0 || filters.some((filter) => text.includes(filter));
}

async function run(): Promise<void> {
  const began = performance.now();
  const workspaces = Array.from(
    { length: Math.min(chosen.length, Math.max(1, availableParallelism())) },
    openWorkspace,
  );
  try {
    const [first] = workspaces;
    const outcome = await first?.test(chosen);
    if (outcome !== "passed") {
      problems.push(`without a mutant, the tests end like this: ${outcome}\n${first?.output() ?? ""}`);
      return;
    }
    const survivors: Mutant[] = [];
    const waiting = [...chosen.entries()];
    const work = async (workspace: Workspace) => {
      for (let next = waiting.shift(); next; next = waiting.shift()) {
        const [index, mutant] = next;
        const outcome = await workspace.testMutant(mutant);
        if (outcome === "passed") survivors.push(mutant);
        print(`${verdicts[outcome]} ${index + 1}/${chosen.length} ${mutant.requirement}: ${mutant.description}`);
        const killer = outcome === "failed" ? `, by ${workspace.failure() ?? "an error"}` : "";
        print(`            ${nameOf(mutant)}${killer}`);
      }
    };
    await Promise.all(workspaces.map(work));
    report(survivors, (performance.now() - began) / 1_000);
  } finally {
    for (const workspace of workspaces) workspace.remove();
  }
}

function report(survivors: readonly Mutant[], seconds: number): void {
  print("");
  for (const [promise, mutants] of Object.entries(mutantsByPromise)) {
    const ran = mutants.filter((mutant) => chosen.includes(mutant));
    const killed = ran.filter((mutant) => !survivors.includes(mutant));
    if (ran.length > 0) print(`${promise.padEnd(32)} ${killed.length} of ${ran.length} killed`);
  }
  print(`${chosen.length - survivors.length} of ${chosen.length} killed in ${Math.round(seconds)} s.`);
  for (const { description } of survivors) problems.push(`survived: ${description}`);
}
