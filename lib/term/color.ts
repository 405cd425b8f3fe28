export type ColorChoice = "auto" | "always" | "never";
export type Style = "bold" | "dim" | "red" | "yellow" | "green";

/** SGR codes, ECMA-48 8.3.117. */
const CODES: Record<Style, [number, number]> = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  yellow: [33, 39],
  green: [32, 39],
};

export type Paint = (style: Style, text: string) => string;

interface Environment {
  isTTY: boolean;
  env: NodeJS.ProcessEnv;
}

/** Decides once whether a stream gets colour: no-color.org, TERM=dumb, and the user's word before both. */
export function hasColor(choice: ColorChoice, { isTTY, env }: Environment): boolean {
  if (choice !== "auto") return choice === "always";
  return isTTY && !env.NO_COLOR && env.TERM !== "dumb";
}

export function painter(choice: ColorChoice, environment: Environment): Paint {
  if (!hasColor(choice, environment)) return (_, text) => text;
  return (style, text) => {
    const [on, off] = CODES[style];
    return `\u001b[${on}m${text}\u001b[${off}m`;
  };
}
