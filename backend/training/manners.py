"""How things are done: for each style adverbs, subjects that bring the style with them, and phrases that follow.

The rules of `thesaurus` hold here too: no word that evaluation keeps out of training, and no entry that could belong
to two styles, unless both have the same look.
"""

_MASCULINE = (
    "manfully, in a manly way, ruggedly, in a macho way, sturdily, robustly, in a very male way, "
    "in a masculine style, in a tough male way, in a manly manner",
    "a manly man, a macho man, a strong man, a rugged man, a masculine man, a brawny man, a wrestler, a weightlifter, "
    "a lumberjack, a strapping man, an alpha male, a he-man, a broad-shouldered man, a well-built man, a firefighter, "
    "a blacksmith, a bearded man, a construction worker, a commando, a strong guy",
    "in a masculine way, like a man, like a real man, like a strong man, like a macho man, like a wrestler, "
    "like a lumberjack, with broad shoulders, with manly strength, in a macho manner, like an action hero, "
    "with manliness, like a weightlifter, like a commando, in a rugged manner, like an alpha male, "
    "with masculine strength",
)
_ELDERLY = (
    "feebly, shakily, stiffly, unsteadily, creakily, infirmly, arthritically, in an elderly way, in an old way, "
    "in a shaky way, in a feeble way, rheumatically",
    "an old person, an old man, an old woman, an elderly person, an elderly man, an elderly woman, an old lady, "
    "an old gentleman, a retiree, a white-haired man, a gray-haired woman, a wrinkled man, a very old woman, "
    "an ancient man, a hunched old man, an eighty-year-old man, a ninety-year-old woman, a nonagenarian, "
    "a centenarian, a geriatric patient, a toothless old man",
    "like an old man, with a bent back, like an elderly person, like an old person, like an old woman, "
    "with a hunched back, with a curved spine, with stiff joints, with aching knees, with creaking joints, "
    "with rheumatism, as if leaning on a cane, like a ninety-year-old, with trembling legs, with shaky legs, "
    "as old people do, as if plagued by arthritis, like a retiree, with a crooked back",
)
_EXHAUSTED = (
    "tiredly, wearily, listlessly, lethargically, limply, weakly, languidly, lifelessly, droopily, breathlessly, "
    "in a weary way, in a tired way, in a worn-out way",
    "a tired person, a tired man, a tired woman, a weary woman, a weary person, a weary man, an exhausted person, "
    "an exhausted man, an exhausted woman, a worn-out man, a worn-out woman, a lethargic person, a listless person, "
    "an exhausted worker, a yawning woman, a weary traveler, a dead-tired man, an insomniac, a burned-out worker, "
    "a listless man",
    "without any energy, as if worn out, with the last of their strength, after a long day of work, "
    "with drooping shoulders, as if about to drop, out of breath, with no strength left, as if out of energy, "
    "in need of rest, after a night without rest, on the verge of fainting, with hardly any energy, breathing hard, "
    "gasping for breath, like a worn-out worker, dead tired, as if every movement were too much",
)

_WAYS: dict[str, tuple[str, str, str]] = {
    "normal": (
        "normally, calmly, naturally, plainly, neutrally, ordinarily, in the usual way, as usual, regularly, evenly",
        "an ordinary person, an average man, an average woman, a regular guy, a calm person, a relaxed man, "
        "a normal person, an ordinary woman, a calm woman, an average person",
        "in a normal way, at a normal pace, in an ordinary way, in the usual manner, without any particular emotion, "
        "with no special mood, in a neutral way, in a natural way, as people usually do, like everyone else, "
        "as on any other day, with a neutral expression, in an everyday manner, without showing any feeling, "
        "in a relaxed way",
    ),
    "happy": (
        "happily, cheerfully, joyfully, gladly, joyously, blissfully, cheerily, contentedly, brightly, ecstatically, "
        "jubilantly, elatedly, gaily, euphorically, in a happy way, exuberantly",
        "a happy person, a cheerful man, a happy woman, a happy man, a joyful person, a glad man, a smiling woman, "
        "a cheery person, a beaming man, a laughing woman, an elated person, a jubilant man, an ecstatic woman, "
        "a lucky winner, a lottery winner, a blissful person, a contented man, a cheerful woman, an optimist, "
        "a smiling man",
        "in a good mood, with joy, with a big smile, in high spirits, full of happiness, full of joy, "
        "with a happy heart, with a cheerful face, after hearing great news, as if everything were wonderful, "
        "grinning from ear to ear, as if newly in love, in a sunny mood, beaming with happiness, glad to be alive, "
        "feeling great, with a laugh, as if having won the lottery, in a cheerful way, overflowing with joy",
    ),
    "sad": (
        "sadly, gloomily, unhappily, dejectedly, glumly, despondently, tearfully, downheartedly, forlornly, "
        "dolefully, morosely, hopelessly, weepingly, woefully, somberly, dispiritedly, dismally, in sadness",
        "a sad person, a sad man, a depressed woman, a sad woman, a gloomy person, an unhappy woman, a dejected man, "
        "a crying woman, a tearful person, a despondent man, a lonely man, a melancholy person, a downcast man, "
        "a forlorn woman, a sobbing woman, a depressed man, a glum man, a disappointed person, a weeping man, "
        "a weeping woman, an unhappy man, a widow at a funeral",
        "with the head hanging, in low spirits, in tears, with a heavy heart, full of sadness, as if about to cry, "
        "in despair, in a gloomy mood, with the shoulders slumped in sadness, as if at a funeral, after bad news, "
        "after losing a loved one, feeling down, feeling blue, with tears in the eyes, overcome with sadness, "
        "with no hope left, in a melancholy mood, close to tears, with a sad face, in a depressed way",
    ),
    "angry": (
        "angrily, furiously, in anger, irritably, wrathfully, aggressively, fiercely, heatedly, indignantly, "
        "ferociously, violently, resentfully, in fury, in a temper, in an angry way",
        "an angry person, an angry man, a furious woman, an angry woman, a furious man, a fuming man, "
        "a hot-tempered man, an annoyed woman, an irritated person, a seething person, a hot-headed man, "
        "a wrathful person, an infuriated man, an incensed woman, a bad-tempered man, a grumpy man, an offended man, "
        "an aggressive person, a furious person, an angry customer",
        "full of anger, full of fury, in a bad temper, boiling with anger, seething with anger, fuming with anger, "
        "red with anger, with clenched fists, in a foul mood, as if ready to hit somebody, like an angry bull, "
        "after a bitter quarrel, with hatred, with an angry face, shaking with anger, unable to control the anger, "
        "in a furious mood, with a scowl",
    ),
    "proud": (
        "proudly, arrogantly, confidently, self-assuredly, boldly, loftily, conceitedly, imperiously, regally, "
        "majestically, condescendingly, self-importantly, in a proud way, in an arrogant way, in a superior way",
        "a proud person, a proud man, a confident woman, a proud woman, an arrogant man, an arrogant woman, "
        "a conceited man, a vain man, a confident person, a self-assured woman, a king, a monarch, a champion, "
        "a snob, a self-important man, a victorious general, a nobleman, a confident man, a show-off, "
        "a winner on a podium",
        "with the chest out, full of pride, with the head held high, with the nose in the air, with the chin up, "
        "like a king, like a monarch, like a champion, with great confidence, full of confidence, "
        "with a puffed-up chest, with an air of superiority, as if above everyone else, like a victorious general, "
        "like a peacock, like someone important, with self-importance, with pride, in an arrogant manner, "
        "as if owning the whole place",
    ),
    "not-confident": (
        "shyly, timidly, hesitantly, nervously, uncertainly, awkwardly, fearfully, sheepishly, self-consciously, "
        "apprehensively, uneasily, diffidently, tentatively, worriedly, unsurely, in a shy way, reluctantly",
        "a shy person, a timid man, a nervous woman, a shy woman, a shy man, an unsure person, a worried man, "
        "a hesitant woman, a coward, a scared person, an uncertain man, a self-conscious woman, an awkward person, "
        "an introvert, a fearful man, a wallflower, a nervous beginner, a nervous man, a cowardly man, a timid woman, "
        "a shy newcomer",
        "without confidence, with little confidence, full of doubt, as if afraid of being seen, with self-doubt, "
        "with low self-esteem, as if unsure of everything, with fear, lacking confidence, as if embarrassed, "
        "with hesitation, like a coward, as if afraid of making a mistake, like a shy person, in a timid way, "
        "in embarrassment, as if everyone were watching, like a scared mouse, in an unsure way, "
        "as if too shy to do it, without believing in it",
    ),
    "masculinity": _MASCULINE,
    "masculine": _MASCULINE,
    "feminine": (
        "gracefully, in a feminine way, elegantly, delicately, in a pretty way, with poise, coquettishly, "
        "flirtatiously, charmingly, sensually, seductively, femininely, in a womanly way, in a graceful way, sweetly",
        "a feminine woman, a lady, an elegant woman, an elegant lady, a graceful woman, a glamorous woman, "
        "a beautiful woman, a duchess, a countess, a bride, a pretty woman, a refined lady, a charming woman, "
        "a delicate woman, a noblewoman, a geisha, a womanly person, a diva, a feminine person",
        "like a lady, like a woman, like an elegant woman, with feminine grace, with elegance, with grace, "
        "with swaying hips, in a delicate way, in high heels, in a womanly manner, with charm, like a bride, "
        "like a duchess, with soft feminine movements, as if wearing a long dress, in an elegant manner, "
        "like a refined lady",
    ),
    "childish": (
        "childishly, playfully, in a childish way, naively, immaturely, mischievously, impishly, babyishly, boyishly, "
        "goofily, in a childlike way, in a playful way, in a silly way",
        "a child, a kid, a little boy, a little girl, a small child, a small boy, a small girl, a young child, "
        "a preschooler, a tiny tot, a five-year-old, a playful child, a naughty boy, a cheeky kid, a brat, "
        "a first grader, a playful kid, a baby, a tiny child, a naughty child",
        "like a child, like a kid, like a little boy, like a little girl, like a small child, like a baby, "
        "like a five-year-old, as children do, as kids do, as if playing a game, as if on a playground, "
        "in a playful mood, like a naughty kid, like a silly kid, with childlike innocence, like an excited child, "
        "like a playful child, as if it were all a game, in a childish manner",
    ),
    "old": _ELDERLY,
    "elderly": _ELDERLY,
    "tired": _EXHAUSTED,
    "exhausted": _EXHAUSTED,
    "active": (
        "actively, energetically, vigorously, animatedly, enthusiastically, spiritedly, eagerly, zestfully, "
        "vivaciously, keenly, in a lively way, in an energetic way, with vigor, with zest, in an active way",
        "an active person, an energetic man, an energetic woman, a lively person, a lively woman, a lively man, "
        "an energetic person, a vigorous man, a hyperactive person, an enthusiastic man, a spirited woman, "
        "a fitness coach, an aerobics instructor, a gym teacher, a go-getter, a live wire, a fit man, "
        "an active woman, a very fit woman",
        "with a lot of energy, full of energy, full of life, full of vigor, with great energy, bursting with energy, "
        "with enthusiasm, as if doing a workout, with vitality, like a fitness coach, brimming with energy, "
        "in top shape, with boundless energy, with gusto, like a live wire, with plenty of energy, "
        "in a spirited manner, with full power",
    ),
    "youthful": (
        "youthfully, with a spring in the step, nimbly, springily, agilely, jauntily, in a young way, "
        "as a young person would, spryly, in a fresh young way",
        "a young person, a young man, a young woman, a teenager, a teenage boy, a teenage girl, a young adult, "
        "a teen, a young guy, a twenty-year-old, a high schooler, a freshman, a sixteen-year-old, an undergraduate, "
        "a youngster, a young gentleman, a young actor, a millennial",
        "like a young person, like a teenager, like a young man, like a young woman, as young people do, like a teen, "
        "like a high schooler, with young legs, in the prime of life, with a light bounce, as if eighteen again, "
        "like a twenty-year-old, with the lightness of the young, like someone barely twenty, with a young body, "
        "as teenagers do",
    ),
    "musical": (
        "rhythmically, musically, in rhythm, to the rhythm, in tempo, in a rhythmic way, groovily, theatrically, "
        "tunefully, jazzily, in a musical way, harmoniously, in a dancing way, lyrically",
        "a musical person, a dancer, a Broadway performer, a musical performer, a singer, a tap dancer, "
        "a ballet dancer, a stage performer, a musician, a ballerina, a pop singer, a jazz dancer, an opera singer, "
        "a musical actor, a dancing man, a singing woman, a choreographer, a drummer",
        "to the rhythm of music, as in a musical, as if dancing, to a tune, following the music, led by the music, "
        "like a dancer, as if on a Broadway stage, with rhythm, in a dance-like way, as if music were playing, "
        "while listening to music, like a ballet dancer, while humming, with dance-like movements, "
        "to the sound of drums, as if singing, to an inner rhythm, as though in a stage show, to jazz",
    ),
    "giant": (
        "heavily, like a giant, ponderously, thunderously, massively, mightily, bulkily, cumbersomely, lumberingly, "
        "with great weight, in a huge heavy way",
        "a giant, a huge man, a giant monster, a huge person, an enormous man, a gigantic man, a massive creature, "
        "a huge monster, a cyclops, a goliath, a behemoth, a gigantic creature, a towering man, an enormous monster, "
        "a big heavy man, a golem, a bulky man, a huge beast, a leviathan, a giant robot, a hefty brute, a giantess",
        "with heavy movements, like a huge monster, like a mammoth, like an elephant, like a dinosaur, "
        "like king kong, with enormous weight, making the ground shake, like a towering monster, "
        "as if as big as a house, with ground-shaking force, as if weighing tons, with huge heavy limbs, "
        "like a great beast, like a golem, as if carved from stone, like an enormous creature, with massive bulk, "
        "like a behemoth, shaking the earth",
    ),
    "chimpira": (
        "with a swagger, rudely, swaggeringly, insolently, cockily, menacingly, threateningly, impudently, defiantly, "
        "thuggishly, brazenly, disrespectfully, in a rude way, in a thuggish way, in a threatening way",
        "a street tough, a thug, a gangster, a street thug, a yakuza, a gang member, a cheap crook, a ruffian, "
        "a bully, a goon, a petty criminal, a rude man, a swaggering man, a bad boy, a lout, a henchman, "
        "a menacing man, a tough from the streets, a rowdy, a loan shark",
        "like a street thug, like a gangster, like a thug, like a yakuza, like a bully, like a bad boy, "
        "looking for trouble, looking to start a quarrel, with a sneer, with a rude attitude, like a gang member, "
        "as if out to hurt someone, trying to look tough, like a ruffian, like a cheap crook, like a goon, "
        "with a gangster swagger, with no manners at all, as if threatening somebody",
    ),
}

_MEN, _WOMEN, _ANYBODY = ("man", "guy", "person"), ("woman", "lady", "person"), ("person", "man", "woman", "guy")

# Adjectives and people that belong to a style, for all of its sentences.
_KINDS: dict[str, tuple[str, str]] = {
    "happy": (
        "joyous, cheery, jovial, radiant, upbeat, buoyant, ecstatic, euphoric, thrilled, pleased, carefree, "
        "lighthearted, sunny, giddy, amused, beaming, smiling, grinning, laughing, contented, hopeful, festive, "
        "rapturous, blithe, rejoicing, exhilarated, blissful, elated, jubilant, joyful, optimistic, glad, cheerful, "
        "chuckling, ebullient, enchanted, delirious, satisfied, lucky",
        "newlywed, lucky winner, honeymooner, reveler, optimist, lottery winner, lucky gambler, lover in spring, "
        "jackpot winner",
    ),
    "sad": (
        "gloomy, unhappy, dejected, downcast, melancholic, tearful, weeping, sobbing, crying, despondent, depressed, "
        "forlorn, glum, woeful, lonely, lonesome, bereaved, dismal, crestfallen, disheartened, discouraged, "
        "dispirited, desolate, wretched, inconsolable, bleak, disappointed, suffering, wistful, regretful, moping, "
        "doleful, jilted, abandoned, hopeless, despairing, blue, downhearted, teary-eyed, dreary, pitiful, hurt, "
        "somber, low-spirited",
        "widow, widower, orphan, pessimist, jilted lover, rejected suitor, lonely heart, bereaved father, bereaved "
        "mother, sad clown, crying widow, loser",
    ),
    "angry": (
        "furious, infuriated, incensed, fuming, seething, irritated, annoyed, aggravated, exasperated, indignant, "
        "wrathful, vengeful, belligerent, aggressive, bad-tempered, ill-tempered, hot-tempered, cranky, grumpy, "
        "bitter, resentful, ferocious, fierce, offended, provoked, steaming, scowling, snarling, vicious, spiteful, "
        "frustrated, displeased, riled, cantankerous, embittered, hateful, boiling, red-faced, quarrelsome, irascible, "
        "wild-eyed",
        "hothead, furious boss, berserker, angry boss, avenger, angry customer, angry driver, angry neighbor, angry "
        "protester, grouch",
    ),
    "proud": (
        "arrogant, conceited, vain, self-important, stuck-up, snobbish, confident, self-assured, self-confident, "
        "overconfident, bold, regal, royal, kingly, majestic, lordly, imperious, dignified, noble, lofty, "
        "supercilious, egotistic, narcissistic, presumptuous, condescending, victorious, honored, celebrated, stately, "
        "self-satisfied, bragging, superior, aristocratic, high-born, glorious, vainglorious, assertive, puffed-up, "
        "cocksure",
        "king, monarch, lord, aristocrat, baron, duke, sultan, pharaoh, tycoon, millionaire, medalist, gold medalist, "
        "war hero, hero, braggart, egotist, narcissist, dictator, general, admiral, ruler, matador, snob, peacock, "
        "conqueror, champion, nobleman, president, celebrity, maharaja, caesar",
    ),
    "not-confident": (
        "shy, timid, nervous, hesitant, unsure, uncertain, worried, scared, afraid, fearful, self-conscious, awkward, "
        "embarrassed, ashamed, cowardly, apprehensive, uneasy, tense, jittery, wary, cautious, tentative, doubtful, "
        "flustered, intimidated, reserved, introverted, sheepish, submissive, humble, diffident, faint-hearted, "
        "spineless, panicky, terrified, skittish, edgy, uncomfortable, indecisive, mousy, reluctant, unconfident, "
        "cowed, daunted, unassertive, blushing, concerned, alarmed",
        "coward, introvert, wallflower, newcomer, novice, nervous beginner, worrier, nervous wreck, scaredy-cat, "
        "loner, outsider, nervous applicant, nervous bridegroom, shrinking violet, stammerer, scared mouse",
    ),
    "masculine": (
        "manly, macho, rugged, brawny, strapping, sturdy, stalwart, robust, broad-shouldered, well-built, hunky, "
        "beefy, stocky, husky, gruff, hairy, bearded, square-jawed, mannish, stout, chiseled, hard-bodied, masculine, "
        "powerfully built, strong-armed, male, thickset, tough-as-nails, sinewy, barrel-chested, mustachioed",
        "lumberjack, wrestler, weightlifter, blacksmith, firefighter, commando, construction worker, trucker, biker, "
        "marine, quarterback, linebacker, rugby player, dockworker, miner, viking, barbarian, gladiator, drill "
        "sergeant, bouncer, bodyguard, mechanic, butcher, strongman, stuntman, policeman, rancher, sheriff, gym buff, "
        "he-man, plumber, steelworker, caveman, action hero",
    ),
    "feminine": (
        "elegant, graceful, delicate, pretty, beautiful, glamorous, charming, refined, womanly, lovely, gorgeous, "
        "chic, stylish, petite, slender, coquettish, flirtatious, seductive, sensual, alluring, demure, sophisticated, "
        "genteel, attractive, posh, poised, sexy, ravishing, stunning, feminine, female, well-dressed, high-heeled, "
        "gentle, swan-like, enticing, curvy, fair",
        "duchess, countess, bride, geisha, diva, noblewoman, actress, starlet, maiden, damsel, goddess, fairy, nymph, "
        "belle, bridesmaid, heroine, socialite, debutante, empress, femme fatale, gentlewoman, cinderella, mermaid, "
        "enchantress, baroness, sorceress, society lady, beauty, ballroom lady, temptress",
    ),
    "childish": (
        "childish, childlike, playful, naughty, mischievous, silly, immature, cheeky, naive, bratty, babyish, impish, "
        "goofy, juvenile, whimsical, spoiled, boyish, giggling, giggly, puerile, kiddish, five-year-old, "
        "four-year-old, six-year-old, seven-year-old, three-year-old, tiny little",
        "child, kid, preschooler, tot, brat, first grader, second grader, third grader, baby, five-year-old, "
        "four-year-old, six-year-old, seven-year-old, eight-year-old, little kid, tyke, kiddo, little brother, little "
        "sister, urchin, rascal, munchkin, grade schooler, cub scout, cherub, daycare child, crybaby, prankster, small "
        "fry, kid on a playground, elementary schooler, nursery school child",
    ),
    "elderly": (
        "elderly, old, very old, ancient, wrinkled, white-haired, gray-haired, hunched, toothless, geriatric, infirm, "
        "feeble, arthritic, rheumatic, shaky, doddering, tottering, creaky, hoary, wizened, shriveled, retired, "
        "seventy-year-old, eighty-year-old, ninety-year-old, crooked, gnarled, withered, venerable, palsied, "
        "bent-over, long-lived, silver-haired, half-blind, weather-worn",
        "elder, nonagenarian, octogenarian, septuagenarian, centenarian, retiree, nursing home resident, crone, hag, "
        "matriarch, patriarch, geezer, codger, old monk, old hermit, old wizard, old fisherman, wise old man, old "
        "widow, old nun, old farmer, old professor, old beggar, elderly aunt, elderly uncle",
    ),
    "exhausted": (
        "tired, weary, exhausted, worn-out, lethargic, listless, dead-tired, burned-out, bushed, pooped, weakened, "
        "run-down, sapped, dog-tired, bleary-eyed, yawning, dozy, groggy, limp, languid, lackluster, enervated, "
        "knackered, winded, breathless, panting, faint, depleted, overtired, ailing, drooping, flagging, apathetic, "
        "debilitated, overstrained, half-awake, dazed, weak, zonked, wiped-out, stressed-out, shattered, done-in, "
        "bone-tired, travel-worn, toil-worn",
        "insomniac, tired traveler, night-shift worker, night nurse, tired parent, tired mother, tired father, "
        "laborer, patient with a fever, shipwreck survivor, tired miner, tired farmer, tired doctor, tired commuter, "
        "sick person, worn-out worker, yawning clerk, overtired nurse",
    ),
    "active": (
        "active, energetic, lively, vigorous, hyperactive, enthusiastic, spirited, fit, eager, vivacious, animated, "
        "zestful, tireless, frisky, fired-up, pumped-up, motivated, vital, vibrant, zippy, high-energy, unflagging, "
        "electrified, driven, raring-to-go, indefatigable, hyper, full-of-beans, strenuous, supercharged, wide-awake, "
        "well-rested",
        "fitness coach, aerobics instructor, gym teacher, go-getter, live wire, gymnast, cheerleader, acrobat, "
        "decathlete, tennis player, soccer player, basketball player, volleyball player, surfer, skater, fitness "
        "instructor, eager beaver, swimmer, boot camp instructor, gym lover, early bird, badminton player, workout "
        "coach",
    ),
    "youthful": (
        "young, teenage, agile, nimble, springy, jaunty, spry, limber, sprightly, fresh-faced, light-footed, "
        "twenty-year-old, nineteen-year-old, eighteen-year-old, seventeen-year-old, sixteen-year-old, youngish, "
        "supple, pubescent, underage, twenty-something, coltish",
        "teenager, teen, freshman, sophomore, high schooler, undergraduate, young adult, millennial, "
        "seventeen-year-old, eighteen-year-old, nineteen-year-old, twenty-year-old, young intern, apprentice, young "
        "bachelor, young heir, skateboarder, prom date, tween, young recruit, young graduate, youngster, young "
        "apprentice, young backpacker, varsity player, boy band member",
    ),
    "musical": (
        "musical, rhythmic, dancing, singing, groovy, jazzy, humming, whistling, theatrical, harmonious, funky, "
        "toe-tapping, finger-snapping, tuneful, rapping, crooning, yodeling, music-loving",
        "dancer, singer, musician, ballerina, ballet dancer, tap dancer, pop singer, rapper, entertainer, showman, "
        "street performer, drummer, guitarist, violinist, conductor, composer, choir member, crooner, jazz singer, "
        "flamenco dancer, salsa dancer, breakdancer, hip-hop dancer, tango dancer, dj, bandleader, music lover, "
        "soprano, tenor, saxophonist, trumpeter, karaoke singer, cabaret performer, troubadour, minstrel, samba "
        "dancer, street musician, k-pop idol",
    ),
    "giant": (
        "giant, huge, enormous, gigantic, massive, towering, immense, mammoth, monstrous, gargantuan, mighty, hefty, "
        "heavy, ponderous, lumbering, bulky, jumbo, oversized, thundering, elephantine, humongous, heavyset, "
        "tremendous, vast, weighty, overweight, obese, monumental, thirty-foot, fifty-foot, house-sized, outsize, "
        "stupendous, mountain-sized",
        "giant, monster, cyclops, goliath, behemoth, golem, leviathan, giantess, kaiju, dinosaur, tyrannosaurus, "
        "elephant, mammoth, gorilla, sumo wrestler, yeti, bigfoot, dragon, grizzly bear, juggernaut, brute, beast, "
        "rhinoceros, hippopotamus, minotaur, frankenstein monster, stone giant, giant robot, big monster, huge "
        "gorilla, gargoyle, gargantua, swamp monster, mountain giant, werewolf",
    ),
    "chimpira": (
        "rude, swaggering, thuggish, menacing, threatening, insolent, cocky, defiant, disrespectful, impudent, brazen, "
        "ill-mannered, impolite, unruly, rowdy, loutish, shady, sleazy, foul-mouthed, bullying, vulgar, crude, "
        "rebellious, intimidating, tattooed, surly, mouthy, uncouth, lawless, sneering, criminal, roguish, lowbrow, "
        "trashy, ill-bred, boorish, street-tough",
        "thug, gangster, yakuza, bully, goon, crook, ruffian, lout, henchman, rowdy, loan shark, gang leader, gang "
        "boss, mafioso, criminal, troublemaker, rebel, outlaw, bandit, pickpocket, hitman, drug dealer, racketeer, "
        "convict, biker gang member, greaser, skinhead, scoundrel, roughneck, tough guy, lowlife, villain, vandal, "
        "jailbird, mugger, brawler, mob boss, street gang leader, car thief, burglar, gangbanger, juvenile offender, "
        "school bully, boor",
    ),
}
_SAME_KINDS = {"masculinity": "masculine", "old": "elderly", "tired": "exhausted"}
_PEOPLE = {"masculine": _MEN, "feminine": _WOMEN}


def _list(text: str) -> tuple[str, ...]:
    return tuple(entry.strip() for entry in text.split(","))


def _a(words: str) -> str:
    return f"{'an' if words[0] in 'aeiou' and not words.startswith(('eu', 'uni')) else 'a'} {words}"


def _ways(style: str) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    """What `_WAYS` says, and more made of the style's adjectives and people."""
    adverbs, subjects, phrases = map(_list, _WAYS[style])
    style = _SAME_KINDS.get(style, style)
    if style not in _KINDS:
        return adverbs, subjects, phrases
    adjectives, people = map(_list, _KINDS[style])
    nouns = _PEOPLE.get(style, _ANYBODY)
    adverbs += tuple(f"in {_a(adjective)} way" for adjective in adjectives)
    # Each adjective with two of the nouns, in turns.
    pairs = ((a, nouns[(i + j) % len(nouns)]) for i, a in enumerate(adjectives) for j in (0, 1))
    subjects += (*map(_a, people), *(_a(f"{adjective} {noun}") for adjective, noun in pairs))
    phrases += tuple(f"like {_a(person)}" for person in people)
    return tuple(tuple(dict.fromkeys(ways)) for ways in (adverbs, subjects, phrases))


STYLES: dict[str, tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]] = {style: _ways(style) for style in _WAYS}
"""Style -> (adverbs, subjects that bring the style with them, phrases that follow)."""
