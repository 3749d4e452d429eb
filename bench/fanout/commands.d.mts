export function messageAt(n: number): { id: string; sender_id: string; at: string; text: string };
export function onCommands(port: number, say: (n: number) => void): void;
