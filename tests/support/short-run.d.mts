export function testsOnPostgresAlone(): string[];
export function testsInFullLengthOnly(): string[];
