import { createHash } from "node:crypto";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/**
 * Files that take long even if they are short. They come first in their project, so that none of them runs alone at the
 * end.
 */
export const longest = [
  "gateway/crash.gateway",
  "gateway/overlapping.gateway",
  "gateway/broken-routers.gateway",
  "gateway/restarts.gateway",
  "upgrade/upgrade.gateway",
  "http/matrix/matrix.db",
  "delivery/proof.db",
  "delivery/folder.db",
  "delivery/crash.db",
  "identity/external/exchange-code.db",
  "database/embedded/open-embedded.test",
  "traefik/foreign/hostile-text.test",
  "main/start-server.test",
  "main/process.test",
  "main/bad-endings.test",
  "main/operator-commands",
  "delivery/agent/agent-process.test",
];

/** Vitest's own order of the files of a project, but with the longest files first. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const projects = [...new Set(sorted.map(({ project }) => project.name))];
    const positionOf = ({ project, moduleId }: TestSpecification) => {
      const at = longest.findIndex((part) => moduleId.includes(`/tests/${part}`));
      return projects.indexOf(project.name) * (longest.length + 1) + (at < 0 ? longest.length : at);
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
