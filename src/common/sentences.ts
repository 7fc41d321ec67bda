/** What is wrong and what to do next, as text that reads well. */

/** What errors and warnings of the companion have in common. */
export interface ITold {
  message: string;
  hint?: string | null;
}

/** Message and hint one after the other; most messages come without a full stop. */
export function sentences({ message, hint }: ITold): string {
  return hint ? `${stopped(message)} ${hint}` : message;
}

/** A sentence with something at its end. */
export function stopped(text: string): string {
  return /[.!?…:;]["'”’)\]]*$/.test(text) ? text : `${text}.`;
}
