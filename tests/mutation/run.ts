import { availableParallelism } from "node:os";
import { allBreaks } from "./all-breaks";
import type { Break } from "./break";
import { problemsOf } from "./problems-of";
import { openWorkplace, type Workplace } from "./workplace";

/**
 * `npm run test:mutation [-- part of a file's path, a requirement's id or a sentence …]`: breaks the product in one place
 * at a time, in copies of it, and runs the tests that have to notice. Ends with 1 when fewer than nine in ten are noticed,
 * when a break of the list fits its file no longer, or when the tests fail without any.
 */

const least = { breaks: 100, share: 0.9 };

const wanted = process.argv.slice(2);
const chosen = allBreaks.filter(
  (one) => wanted.length === 0 || wanted.some((text) => `${one.file} ${one.of} ${one.says}`.includes(text)),
);
const say = (text: string) => void process.stdout.write(`${text}\n`);

const problems = problemsOf(allBreaks);
if (chosen.length === 0) problems.push(`no break has to do with ${wanted.join(", ")}`);
if (problems.length === 0) await run();
for (const problem of problems) say(problem);
process.exitCode = problems.length > 0 ? 1 : 0;

async function run(): Promise<void> {
  const began = performance.now();
  const places = Array.from({ length: Math.min(chosen.length, Math.max(1, availableParallelism())) }, openWorkplace);
  try {
    const [first] = places;
    const unbroken = await first?.test(chosen);
    if (unbroken !== "passed") {
      problems.push(`without any break the tests ended so: ${unbroken}\n${first?.output() ?? ""}`);
      return;
    }
    const survivors: Break[] = [];
    const waiting = [...chosen.entries()];
    const work = async (place: Workplace) => {
      for (let next = waiting.shift(); next; next = waiting.shift()) {
        const [number, one] = next;
        const outcome = await place.testBroken(one);
        if (outcome === "passed") survivors.push(one);
        say(
          `${outcome === "passed" ? "SURVIVED" : "noticed "} ${number + 1}/${chosen.length} ${one.of}: ${one.says} (${one.file}${outcome === "hung" ? "; hung" : ""})`,
        );
      }
    };
    await Promise.all(places.map(work));
    report(survivors, (performance.now() - began) / 1_000);
  } finally {
    for (const place of places) place.remove();
  }
}

function report(survivors: readonly Break[], seconds: number): void {
  const parts = new Map<string, Break[]>();
  for (const one of chosen) {
    const part = one.file
      .split("/")
      .slice(0, one.file.startsWith("src/") ? 2 : 1)
      .join("/");
    parts.set(part, [...(parts.get(part) ?? []), one]);
  }
  say("");
  for (const [part, breaks] of parts) {
    const noticed = breaks.filter((one) => !survivors.includes(one)).length;
    say(`${part.padEnd(18)} ${noticed} of ${breaks.length} noticed`);
  }
  const share = 1 - survivors.length / chosen.length;
  say(
    `${chosen.length - survivors.length} of ${chosen.length} noticed (${(share * 100).toFixed(1)} %), in ${Math.round(seconds)} s.`,
  );
  if (share < least.share) problems.push(`fewer than ${least.share * 100} % of the breaks were noticed`);
  if (wanted.length === 0 && chosen.length < least.breaks) problems.push(`there are fewer than ${least.breaks} breaks`);
}
