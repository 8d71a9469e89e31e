"""People who have never been: names, emails and phone numbers by lot, the same ones for the same number.

Some names are common, as in life: a search for one of those finds hundreds.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

_FIRST = """
Adaeze Agnieszka Ahmed Aino Aisha Akira Alejandra Alessandro Ana Anders Andrea Anna António Astrid Beatriz Ben Björn
Bruno Camille Carlos Carmen Charlotte Chiara Clara Daniel David Diana Dmitri Eduardo Elena Elif Emma Erik Fatima
Felix Fernanda Finn Francesca Freya Gabriel Giulia Grace Gustavo Hannah Hans Helena Henrik Hiroshi Hugo Ida Inês
Ingrid Isabel Ivan Jack James Jan Javier Joana João Jonas José Julia Kamal Karin Katarzyna Keiko Laura Léa Liam Lina
Lucas Luís Magnus Maria Marta Matteo Maya Mehmet Miguel Mohamed Nadia Niamh Nils Noah Nuno Olga Oliver Patrícia
Paulo Pedro Pieter Priya Quentin Rafael Ricardo Rosa Ruth Sara Sean Sofia Sven Tamar Teresa Thomas Tiago Umar Vera
Wanjiru William Xin Yael Yusuf Zoë
"""
_LAST = """
Silva, Santos, Ferreira, Pereira, Oliveira, Costa, Rodrigues, Martins, Smith, Jones, Müller, García, Martin, Rossi,
Almeida, Sousa, Fernandes, Gonçalves, Gomes, Lopes, Marques, Schmidt, Weber, Fischer, Bernard, Dubois, Ferrari,
Bianchi, Fernández, González, Taylor, Brown, Wilson, Evans, de Jong, Jansen, Van Dijk, Bakker, Ribeiro, Carvalho,
Teixeira, Moreira, Correia, Mendes, Nunes, Soares, Vieira, Monteiro, Cardoso, Rocha, Neves, Coelho, Cruz, Cunha,
Pires, Ramos, Reis, Simões, Antunes, Matos, Fonseca, Murphy, O’Brien, Kelly, Walsh, Byrne, Hughes, Davies, Clarke,
Wright, Walker, Green, Hall, Wood, Becker, Schulz, Hoffmann, Schäfer, Koch, Bauer, Richter, Klein, Wolf, Neumann,
Petit, Durand, Leroy, Moreau, Laurent, Lefebvre, Roux, Fontaine, Esposito, Romano, Colombo, Ricci, Marino, Greco,
Martínez, Sánchez, Pérez, Gómez, Ruiz, Díaz, Navarro, Torres, Visser, Smit, de Vries, Peeters, Maes, Jacobs,
Willems, Claes, Andersson, Johansson, Karlsson, Nilsson, Larsen, Hansen, Olsen, Nielsen, Jensen, Virtanen, Korhonen,
Kowalski, Nowak, Wójcik, Novák, Dvořák, Nagy, Kovács, Popescu, Ionescu, Ivanova, Petrov, Smirnov, Yılmaz, Kaya,
Demir, Cohen, Levi, Haddad, Nakamura, Tanaka, Sato, Suzuki, Kim, Park, Zhang, Wang, Li, Chen, Nguyen, Singh, Patel,
Sharma, Khan, Okafor, Abebe, Mensah
"""
FIRST = _FIRST.split()
LAST = [" ".join(name.split()) for name in _LAST.split(",")]
PLAIN = str.maketrans("áãâàäåçčéëêíîïıñóõôöòøřşúüùłß", "aaaaaacceeeiiiinoooooorsuuuls")


@dataclass(frozen=True, slots=True)
class Person:
    name: str
    email: str
    phone: str


def person(number: int) -> Person:
    """The same one for the same number; no two have the same email."""
    chance = random.Random(number)
    first, last = _one_of(FIRST, chance), _one_of(LAST, chance)
    plain = f"{first}.{last}".lower().translate(PLAIN)
    address = "".join(sign for sign in plain if sign.isascii() and (sign.isalnum() or sign == "."))
    return Person(f"{first} {last}", f"{address}.{number}@example.com", f"+351 9{chance.randrange(10**8):08}")


def _one_of(names: list[str], chance: random.Random) -> str:
    """Those at the top more often: the first of a hundred every tenth time."""
    return names[int(len(names) * chance.random() ** 2)]
