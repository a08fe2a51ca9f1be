"""Polish, Ukrainian and Russian."""

from tracker.sources.leads.lexicon import Lexicon, words

POLISH = Lexicon(
    code="pl",
    marks=words(
        "i w we z ze na do od o po za przez dla że się nie jest są był była było były ma to ten ta"
        " te tego tej tym który która które których oraz lub ale jak gdy czy już tylko także jego"
        " jej ich przed pod nad jako co"
    ),
    by=words("przez"),
    of=words("od"),
    on=words("na w we za poprzez z"),
    according=words("według zdaniem"),
    be=words("został została zostało zostały jest są był była było były"),
    have=words("ma mieli"),
    without=words("nie nigdy odmówił odmówiła chce chciał mógłby powinien bez"),
    relative=words("który która które którzy że"),
    adverbs=words(
        "też także również później wcześniej potem wczoraj dziś dzisiaj już następnie sam sama"
        " niedawno ponadto wieczorem rano tam tu jednak znów"
    ),
    post=words(
        "opublikował opublikowała opublikowali opublikowało opublikowane opublikowany opublikowana"
        " opublikowanym opublikowanej opublikowanego publikuje udostępnił udostępniła udostępnili"
        " udostępnione udostępniony udostępnionym napisał napisała napisali pisze napisano"
        " zamieścił zamieściła zamieścili zamieszczone zamieszczony zamieszczonym wrzucił wrzuciła"
        " wstawił wstawiła umieścił umieściła umieszczone rozpowszechnił przesłał pokazał"
        " pokazała pokazali"
    ),
    say=words(
        "powiedział powiedziała poinformował poinformowała poinformowali poinformowało informuje"
        " oświadczył oświadczyła stwierdził stwierdziła przekazał przekazała przekazali dodał"
        " dodała skomentował skomentowała ogłosił ogłosiła podał podała potwierdził potwierdziła"
        " podkreślił podkreśliła zapowiedział zapowiedziała podziękował ocenił oceniła"
    ),
    tweet=words("zatweetował zatweetowała tweetował tweetuje ćwierknął"),
    texts=words(
        "wpis wpisie wpisu wpisy post poście postu posty wiadomość wiadomości komunikat"
        " komunikacie oświadczenie oświadczeniu komentarz komentarzu relacji"
    ),
    pictures=words(
        "wideo film filmie filmu filmik nagranie nagraniu nagrania zdjęcie zdjęciu zdjęcia"
        " materiał klip obraz fotografia fotografię"
    ),
    tweets=words("tweet tweecie tweeta tweety"),
    accounts=words(
        "konto koncie konta kanał kanale kanału profil profilu stronie strona użytkownik"
        " użytkownika"
        " użytkowniczka grupa grupie fanpage fanpage'u"
    ),
    titles=words(
        "prezydent prezydenta premier premiera minister ministra ministerka burmistrz mer"
        " gubernator senator poseł posłanka posła rzecznik rzecznika rzeczniczka rzeczniczkę"
        " dziennikarz dziennikarza dziennikarka dziennikarkę reporter reportera reporterka"
        " reporterkę korespondent korespondenta redaktor redaktora generał generała pułkownik"
        " kapitan dowódca admirał aktywista aktywistę aktywistka aktywistkę analityk analityka"
        " ekspert eksperta badacz profesor profesora dr doktor prawnik autor autora pisarz"
        " piosenkarz piosenkarka raper aktor aktorka reżyser fotograf fotografa influencer"
        " influencerka influencera youtuber youtubera tiktoker bloger blogera blogerka król książę"
        " papież biskup kanclerz ambasador ambasadora szef szefa lider lidera były byłego była"
        " byłą miliarder miliardera założyciel pan pani doradca doradcę wiceminister ukraiński"
        " ukraińskiego ukraińska ukraińską rosyjski rosyjskiego polski polskiego polska"
        " polską amerykański amerykańskiego prokurator sekretarz przewodniczący agencja portal"
        " konto użytkownik użytkownika kanał piłkarz trener wojskowy wojskowego"
        " msz mon europoseł europosłanka niezależny niezależnego"
    ),
    never=words(
        "on ona ono oni one ktoś nikt wszyscy wielu wiele kilka niektórzy inni to ten ta te ci w na"
        " według po przed ale i jeśli gdy kiedy podczas tak wideo film nagranie zdjęcie tweet wpis"
        " użytkownicy internauci mieszkańcy świadkowie aktywiści dziennikarze media policjanci"
        " władze żołnierze źródło fot czytaj zobacz obserwuj poniedziałek wtorek środa czwartek"
        " piątek sobota niedziela wczoraj dziś dzisiaj jak z ze do od o za przez dla że nie"
        " jego jej"
        " ich nasz nasza"
    ),
    ours=words("nasz nasza naszym naszego naszej obserwuj subskrybuj dołącz śledź"),
    another=words("kolejny kolejnym innym inny drugi drugim następnym"),
)

UKRAINIAN = Lexicon(
    code="uk",
    marks=words(
        "і й та у в на з із зі до від про за що як не це цей ця ці був була було були є його її їх"
        " який яка яке які також але або для після перед під час року він вона вони ми ви"
    ),
    by=words("від"),
    of=words("від"),
    on=words("у в на через з із зі"),
    according=words("за згідно"),
    be=words("був була було були"),
    have=words("має"),
    without=words("не ні ніколи відмовився відмовилася хоче хотів міг би без"),
    relative=words("який яка яке які що"),
    adverbs=words(
        "також потім пізніше раніше вчора сьогодні вже згодом сам сама нещодавно ввечері вранці"
        " знову про це тоді там тут однак додатково"
    ),
    post=words(
        "опублікував опублікувала опублікували опублікувало опубліковане опублікований опублікована"
        " опубліковано публікує оприлюднив оприлюднила оприлюднили оприлюднило оприлюднене"
        " оприлюднено поширив поширила поширили поширило поширене поширює поширено написав написала"
        " написали написало пише виклав виклала виклали викладене розмістив розмістила розмістили"
        " розміщене запостив запостила поділився поділилася поділилась опублікованому"
        " опублікованого опублікованим випустив випустила показав показала"
    ),
    say=words(
        "сказав сказала повідомив повідомила повідомили повідомило повідомляє повідомляють заявив"
        " заявила заявили заявило заявляє зазначив зазначила додав додала підтвердив підтвердила"
        " прокоментував прокоментувала розповів розповіла оголосив оголосила розповідає наголосив"
        " наголосила зауважив уточнив уточнила подякував подякувала закликав закликала інформує"
        " передає звернувся звернулася назвав назвала порівняв порівняла відреагував відреагувала"
    ),
    tweet=words("твітнув твітнула затвітив твітить твітнули"),
    texts=words(
        "допис дописі допису дописом дописи пост пості посту постом повідомлення повідомленні"
        " публікація публікації публікацію запис записі заява заяві звернення зверненні коментар"
        " коментарі сторіс"
    ),
    pictures=words(
        "відео фото відеоролик ролик ролику кадри кадрах знімок знімки світлина світлини"
        " відеозапис відеозаписі фотографія фотографії світлину зображення"
    ),
    tweets=words("твіт твіті твіту твітом твіти"),
    accounts=words(
        "канал каналі каналу каналом канали сторінка сторінці сторінку сторінки акаунт акаунті"
        " акаунту користувач користувача користувачка профіль профілі група групі блозі паблік"
        " пабліку"
    ),
    titles=words(
        "президент президента прем'єр-міністр прем’єр-міністр міністр міністра мер мера міський"
        " голова голови губернатор очільник очільника очільниця сенатор депутат депутата депутатка"
        " нардеп нардепка речник речника речниця спікер журналіст журналіста журналісткою"
        " журналістка журналістом репортер кореспондент кореспондента кореспондентка редактор"
        " генерал полковник капітан майор лейтенант командир командувач головнокомандувач адмірал"
        " активіст активіста активістка активісткою аналітик експерт експертка дослідник професор"
        " професорка доктор адвокат автор письменник письменниця співак співачка репер актор"
        " актриса режисер фотограф блогер блогера блогерка блогеркою волонтер волонтера волонтерка"
        " волонтерки король королева принц папа єпископ канцлер посол керівник керівника керівниця"
        " лідер лідера екс-президент ексміністр колишній колишнього мільярдер засновник пан пані"
        " радник радника заступник заступниця український українська українського української"
        " російський російського американський агентство видання користувач військовий"
        " військового обласної ова одеський харківський київський львівський запорізький"
        " херсонський воєнкор пропагандист політолог історик омбудсман офіс офісу"
        " телеграм-канал незалежний відомий глава глави області міста району країни мвс"
        " начальник начальника начальниця"
    ),
    never=words(
        "він вона воно вони ми ви я хтось ніхто всі багато кілька деякі інші це цей ця ці у в на за"
        " після перед але і й та якщо коли під так відео фото твіт допис пост користувачі мешканці"
        " очевидці активісти журналісти змі поліцейські влада військові джерело читайте дивіться"
        " підписуйтесь підписуйтеся понеділок вівторок середа четвер п'ятниця субота неділя вчора"
        " сьогодні як з із до від про що не його її їх наш раніше згодом також водночас про"
        " місцеві волонтери блогери росіяни українці згідно"
    ),
    ours=words("наш наша нашому нашого наші підписуйтесь підписуйтеся підписатися приєднуйтесь"),
    another=words("інший інше іншому ще наступному другому"),
)

RUSSIAN = Lexicon(
    code="ru",
    marks=words(
        "и в во на с со из к от о об по за что как не это этот эта эти был была было были есть его"
        " её ее их который которая которое которые также но или для после перед под он она они мы"
        " вы года при же бы уже только"
    ),
    by=words("от"),
    of=words("от"),
    on=words("в во на через из с"),
    according=words("согласно по"),
    be=words("был была было были"),
    have=words("имеет"),
    without=words("не ни никогда отказался отказалась хочет хотел мог бы без"),
    relative=words("который которая которое которые что"),
    adverbs=words(
        "также потом позже ранее вчера сегодня уже затем сам сама недавно вечером утром снова об"
        " этом тогда там тут однако дополнительно накануне"
    ),
    post=words(
        "опубликовал опубликовала опубликовали опубликовало опубликованное опубликованный"
        " опубликованном опубликованная опубликовано публикует обнародовал обнародовала"
        " распространил распространила распространили распространило распространенное"
        " распространённое распространяет написал написала написали написало пишет выложил"
        " выложила выложили выложенное разместил разместила разместили размещенное размещённое"
        " запостил запостила поделился поделилась поделились выпустил выпустила показал показала"
    ),
    say=words(
        "сказал сказала сообщил сообщила сообщили сообщило сообщает сообщают заявил заявила заявили"
        " заявило заявляет отметил отметила добавил добавила подтвердил подтвердила"
        " прокомментировал прокомментировала рассказал рассказала объявил объявила подчеркнул"
        " уточнил уточнила поблагодарил призвал призвала передает передаёт утверждает утверждал"
        " обратился обратилась назвал назвала сравнил сравнила отреагировал отреагировала"
    ),
    tweet=words("твитнул твитнула затвитил твитит твитнули"),
    texts=words(
        "пост посте поста постом посты запись записи сообщение сообщении сообщения публикация"
        " публикации публикацию заявление заявлении обращение обращении комментарий комментарии"
        " сторис"
    ),
    pictures=words(
        "видео фото видеоролик ролик ролике кадры кадрах снимок снимки видеозапись видеозаписи"
        " фотография фотографии фотографию изображение клип"
    ),
    tweets=words("твит твите твита твитом твиты"),
    accounts=words(
        "канал канале канала каналом каналы страница странице страницу страницы аккаунт аккаунте"
        " аккаунта пользователь пользователя пользовательница профиль профиле группа группе"
        " паблик паблике блоге"
    ),
    titles=words(
        "президент президента премьер-министр премьер министр министра мэр мэра глава главы"
        " губернатор губернатора сенатор депутат депутата спикер пресс-секретарь представитель"
        " представителя представительница журналист журналиста журналистом журналистка"
        " журналисткой репортер репортёр корреспондент корреспондента редактор генерал полковник"
        " капитан майор лейтенант командир командующий адмирал активист активиста активистка"
        " аналитик эксперт исследователь профессор доктор адвокат автор писатель писательница певец"
        " певица рэпер актер актёр актриса режиссер режиссёр фотограф блогер блогера блогерша"
        " волонтер волонтёр король королева принц папа епископ канцлер посол руководитель"
        " лидер лидера экс-президент бывший бывшего миллиардер основатель господин госпожа советник"
        " советника заместитель украинский украинского российский российского американский"
        " агентство издание газета пользователь военный военного военкор пропагандист политолог"
        " историк городской области края республики района города страны начальник начальника"
        " независимый независимого оппозиционер политик"
        " телеграм-канал телеведущий телеведущая"
    ),
    never=words(
        "он она оно они мы вы я кто-то никто все многие несколько некоторые другие это этот эта эти"
        " в на по после перед но и если когда во так видео фото твит пост запись пользователи"
        " жители"
        " очевидцы активисты журналисты сми полицейские власти военные источник читайте смотрите"
        " подписывайтесь понедельник вторник среда четверг пятница суббота воскресенье вчера"
        " сегодня"
        " как с из к от о об за что не его её их наш ранее позже также между местные блогеры"
        " россияне украинцы согласно при"
    ),
    ours=words("наш наша нашем нашего наши подписывайтесь подпишитесь подписаться присоединяйтесь"),
    another=words("другом другой еще ещё следующем втором"),
)
