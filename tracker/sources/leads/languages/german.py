"""German."""

from tracker.sources.leads.lexicon import Lexicon, words

GERMAN = Lexicon(
    code="de",
    marks=words(
        "der die das den dem des ein eine einen einem einer eines und oder aber ist sind war"
        " waren wird werden wurde wurden hat haben hatte hatten nicht auch auf mit von vom zu zum"
        " zur im in am an für bei nach aus über unter sich er sie es wir ihr sein seine seinem"
        " seiner ihre ihrem ihrer dass wie als wenn noch nur mehr schon durch gegen ohne bis"
    ),
    by=words("von vom durch"),
    of=words("von vom des der"),
    on=words("auf bei über via in im beim aus per"),
    according=words("laut zufolge gemäß nach"),
    be=words("wurde wurden wird werden worden"),
    have=words("hat haben hatte hatten habe"),
    without=words("nicht nie niemals kein keine will wollte würde könnte soll sollte darf ohne zu"),
    relative=words("der die das dass welche welcher"),
    adverbs=words(
        "auch später zuvor bereits dann nun jetzt zudem außerdem daraufhin dazu selbst noch schon"
        " gestern heute am früh abend morgen nachmittag abends morgens zunächst mittlerweile"
        " inzwischen wiederum offenbar angeblich kürzlich vor kurzem erneut ebenfalls dort"
    ),
    post=words(
        "postete posteten postet gepostet gepostete geposteten geposteter gepostetes teilte teilten"
        " teilt geteilt geteilte geteilten geteiltes schrieb schrieben schreibt geschrieben"
        " veröffentlichte veröffentlichten veröffentlicht veröffentlichtes veröffentlichter"
        " publizierte publiziert hochgeladen hochgeladene hochgeladenes lud verbreitete"
        " verbreiteten verbreitet verbreitetes stellte gestellt eingestellt zeigte lud"
    ),
    say=words(
        "sagte sagten sagt erklärte erklärten erklärt teilte mitgeteilt meldete meldeten meldet"
        " gemeldet berichtete berichteten berichtet kündigte angekündigt behauptete behaupteten"
        " behauptet bestätigte bestätigt kommentierte kommentiert fügte hinzugefügt betonte"
        " forderte warnte antwortete reagierte äußerte dankte kritisierte bedankte gratulierte"
        " mitteilte bekanntgab ankündigte verkündete verkündet gab dankt warf räumte nannte"
    ),
    tweet=words("twitterte twitterten twittert getwittert tweetete tweetet getweetet"),
    texts=words(
        "post posts beitrag beiträge beitrags nachricht nachrichten mitteilung botschaft"
        " statement eintrag posting postings story meldung erklärung kommentar"
    ),
    pictures=words(
        "video videos videoclip clip clips aufnahme aufnahmen foto fotos bild bilder bildern"
        " filmaufnahmen film videoaufnahmen mitschnitt videobotschaft filmmaterial screenshot"
    ),
    tweets=words("tweet tweets"),
    accounts=words(
        "kanal kanals kanäle kanälen account accounts konto seite nutzer nutzers nutzerin user"
        " userin profil gruppe auftritt"
    ),
    titles=words(
        "herr frau dr prof der die das ukrainische ukrainischer russische russischer us-präsident"
        " ex früherer ehemaliger ehemalige frühere general oberst hauptmann major admiral"
        " könig königin prinz prinzessin papst bischof star promi aktivist co-gründer staatschef"
        " regierungschef us model rapper blogger streamer youtuber tiktoker influencer trainer"
        " fußballer account kanal seite agentur nachrichtenagentur zeitung magazin menschenrechtler"
        " mitglied chef premier nutzer user milliardär unternehmer gründer senator"
        " kollege kollegin grüne sozialdemokrat sozialdemokratin grünen"
    ),
    never=words(
        "er sie es wir ich man ihr dies diese dieser dieses jemand niemand alle viele einige"
        " mehrere andere menschen leute nutzer user kinder anwohner augenzeugen behörden soldaten"
        " experten journalisten medien aktivisten politiker bewohner zuschauer fans polizei armee"
        " regierung kritiker follower video videos bilder aufnahmen foto fotos tweet post beitrag"
        " ein eine einen einem der die das den dem auf im in am an bei mit nach laut so auch und"
        " oder aber wenn als während zuvor später inzwischen zudem dort hier quelle internet netz"
        " plattform plattformen kurznachrichtendienst netzwerk messenger messengerdienst dienst"
        " medien onlinedienst angaben uhr montag dienstag mittwoch donnerstag freitag samstag"
        " sonntag jugendliche schüler studenten eltern demonstranten passanten betroffene"
        " unbekannte mann verletzte tote ukrainer russen deutsche wer was wie wo warum von vom"
        " zu zum zur seit bis für über unter gegen ohne doch nun jetzt wegen trotz soziale sozialen"
        " nachricht nachrichten statement stellungnahme kurzvideo text mitteilung worte angriff"
    ),
    ours=words("unser unsere unserem unseren unserer uns folgen folge abonnieren abonnier*"),
    title_endings=(
        "minister",
        "ministerin",
        "präsident",
        "präsidentin",
        "sprecher",
        "sprecherin",
        "politiker",
        "politikerin",
        "journalist",
        "journalistin",
        "korrespondent",
        "korrespondentin",
        "experte",
        "expertin",
        "chef",
        "chefin",
        "meister",
        "meisterin",
        "kanzler",
        "kanzlerin",
        "abgeordnete",
        "abgeordneter",
        "aktivist",
        "aktivistin",
        "forscher",
        "forscherin",
        "analyst",
        "analystin",
        "reporter",
        "reporterin",
        "gouverneur",
        "gouverneurin",
        "botschafter",
        "botschafterin",
        "wissenschaftler",
        "wissenschaftlerin",
        "historiker",
        "historikerin",
        "blogger",
        "bloggerin",
        "sänger",
        "sängerin",
        "schauspieler",
        "schauspielerin",
        "autor",
        "autorin",
        "unternehmer",
        "unternehmerin",
        "anwalt",
        "anwältin",
        "fotograf",
        "fotografin",
        "berater",
        "beraterin",
        "influencerin",
        "nutzerin",
        "redakteur",
        "redakteurin",
        "moderator",
        "moderatorin",
        "general",
        "haber",
        "helfer",
        "leiter",
        "leiterin",
        "ökonom",
        "ökonomin",
        "trainerin",
        "spieler",
        "spielerin",
        "rätin",
        "landrat",
        "vorsitzende",
        "vorsitzender",
        "führer",
    ),
    nouns_are_capitalised=True,
    another=words("weiteren weiterer weiteres weitere anderen zweiten späteren"),
)
