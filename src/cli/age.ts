/** An age for people, rounded down: 0.4 → "24 min", 3.9 → "3 h", 50 → "2 d". */
export function ageText(hours: number): string {
  if (hours < 1) return `${Math.max(0, Math.floor(hours * 60))} min`;
  return hours < 48 ? `${Math.floor(hours)} h` : `${Math.floor(hours / 24)} d`;
}
