"""Given names and what their bearers are called."""

from typing import Final

NICKNAMES: Final[dict[str, tuple[str, ...]]] = {
    "Alexander": ("Alex", "Xander"), "Alexandra": ("Alex", "Sandra"), "Andrew": ("Andy", "Drew"),
    "Anthony": ("Tony",), "Barbara": ("Barb", "Babs"), "Benjamin": ("Ben", "Benny"), "Brandon": ("Bran",),
    "Catherine": ("Cathy", "Kate"), "Charles": ("Charlie", "Chuck"), "Christina": ("Chris", "Tina"),
    "Christine": ("Chris", "Chrissy"), "Christopher": ("Chris", "Topher"), "Cynthia": ("Cindy",),
    "Daniel": ("Dan", "Danny"), "David": ("Dave", "Davy"), "Deborah": ("Deb", "Debbie"), "Donald": ("Don",),
    "Dorothy": ("Dot", "Dottie"), "Edward": ("Ed", "Eddie", "Ted"), "Elizabeth": ("Liz", "Beth", "Betty", "Eliza"),
    "Frances": ("Fran",), "Frank": ("Frankie",),
    "Gerald": ("Jerry",), "Gregory": ("Greg",), "Henry": ("Hank", "Harry"),
    "Jacob": ("Jake",), "Jacqueline": ("Jackie",), "James": ("Jim", "Jimmy", "Jamie"), "Jeffrey": ("Jeff",),
    "Jennifer": ("Jen", "Jenny"), "Jessica": ("Jess", "Jessie"), "John": ("Jack", "Johnny"), "Jonathan": ("Jon",),
    "Joseph": ("Joe", "Joey"), "Joshua": ("Josh",), "Judith": ("Judy",), "Katherine": ("Kathy", "Kate", "Katie"),
    "Kathleen": ("Kathy",), "Kenneth": ("Ken", "Kenny"), "Kimberly": ("Kim",), "Lawrence": ("Larry",),
    "Leonard": ("Len", "Lenny"), "Margaret": ("Peggy", "Maggie", "Meg"),
    "Matthew": ("Matt",), "Michael": ("Mike", "Mick"),
    "Michelle": ("Shelly",), "Nathan": ("Nate",), "Nicholas": ("Nick",), "Nicole": ("Nikki",), "Pamela": ("Pam",),
    "Patricia": ("Pat", "Patty", "Trish"), "Patrick": ("Pat", "Paddy"), "Peter": ("Pete",), "Philip": ("Phil",),
    "Raymond": ("Ray",), "Rebecca": ("Becky",),
    "Richard": ("Rick", "Dick", "Rich"), "Robert": ("Bob", "Rob", "Bobby"),
    "Ronald": ("Ron", "Ronnie"), "Samantha": ("Sam",), "Samuel": ("Sam", "Sammy"), "Sandra": ("Sandy",),
    "Stephanie": ("Steph",), "Stephen": ("Steve",), "Steven": ("Steve",), "Susan": ("Sue", "Susie"),
    "Teresa": ("Terry",), "Theodore": ("Ted", "Teddy"), "Theresa": ("Terry",), "Thomas": ("Tom", "Tommy"),
    "Timothy": ("Tim",), "Victoria": ("Vicky", "Tori"), "Vincent": ("Vince",), "Walter": ("Walt",),
    "William": ("Bill", "Will", "Billy"), "Zachary": ("Zach",),
}  # fmt: skip
