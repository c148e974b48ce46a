// How the search ranks what it finds: as Sphinx does, but a chapter that defines a word stands before the glossary, and
// pages of prose before the library's.
var Scorer = {
  score: ([page, title, anchor, description, score]) => score - (page === "book/glossary" ? 1 : page.startsWith("book/library") ? 20 : 0),
  objNameMatch: 11,
  objPartialMatch: 6,
  objPrio: { 0: 15, 1: 5, 2: -5 },
  objPrioDefault: 0,
  title: 15,
  partialTitle: 7,
  term: 5,
  partialTerm: 2,
};
