import { createHash } from "node:crypto";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/**
 * Files that take long even if they are short. They come first in their project, so that none of them runs alone at the
 * end.
 */
const long = [
  "gateway/crash.gateway",
  "gateway/overlapping.gateway",
  "gateway/broken-routers.gateway",
  "sync/proof.db",
  "api/matrix/",
  "sync/crash.db",
  "identity/sign-in-timing.db",
  "persistence/embedded/open-embedded",
  "server/start-server.test",
  "server/process.test",
  "server/operator-commands",
];

/** Vitest's own order of the files of a project, but with the longest files first. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const projects = [...new Set(sorted.map(({ project }) => project.name))];
    const positionOf = ({ project, moduleId }: TestSpecification) => {
      const at = long.findIndex((part) => moduleId.includes(`/tests/${part}`));
      return projects.indexOf(project.name) * (long.length + 1) + (at < 0 ? long.length : at);
    };
    return sorted.toSorted((one, other) => positionOf(one) - positionOf(other));
  }
}

/** All files of all projects in a random order, which the seed of the run repeats. */
export class ShuffledFiles extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const { seed } = this.ctx.config.sequence;
    const rank = ({ project, moduleId }: TestSpecification) =>
      createHash("sha256").update(`${seed} ${project.name} ${moduleId}`).digest("hex");
    return files.toSorted((one, other) => (rank(one) < rank(other) ? -1 : 1));
  }
}
