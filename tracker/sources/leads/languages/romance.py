"""French, Spanish, Italian and Portuguese."""

from tracker.sources.leads.lexicon import Lexicon, words

FRENCH = Lexicon(
    code="fr",
    marks=words(
        "le la les l un une des du de d et ou mais est sont était a ont avait dans sur par pour"
        " avec sans qui que qu ne pas plus ce cette ces son sa ses leur leurs il elle ils elles"
        " nous vous je on se s au aux en à après avant selon comme aussi tout même très"
    ),
    by=words("par"),
    of=words("de du d des"),
    on=words("sur via dans à depuis"),
    according=words("selon d'après"),
    be=words("été est sont était étaient sera fut furent"),
    have=words("a ont avait avaient aurait s' s"),
    without=words("ne n pas jamais aucun nie démenti refuse refusé voulait veut pourrait devait"),
    relative=words("qui que qu' dont"),
    adverbs=words(
        "aussi également ensuite plus tard hier aujourd'hui déjà notamment encore ce matin soir"
        " d'abord auparavant récemment lui-même elle-même puis toutefois alors tôt ainsi là"
    ),
    post=words(
        "publié publiée publiées publiés publie publia publiait posté postée postées postés poste"
        " partagé partagée partagées partagés partage partagea écrit écrite écrivait écrivit mis"
        " mise diffusé diffusée diffusées diffusés diffuse relayé relayée relaie relayées"
        " téléversé rédigé posta dévoilé montré montre"
    ),
    say=words(
        "dit déclaré déclare affirmé affirme annoncé annonce assuré assure indiqué indique précisé"
        " précise expliqué explique ajouté ajoute confirmé confirme commenté commente réagi réagit"
        " dénoncé dénonce rapporté rapporte estimé lancé salué remercié ironisé"
        " a-t-il a-t-elle a-t-on a-t'il"
    ),
    tweet=words("tweeté tweete tweetait tweeta twitté twitte retweeté gazouillé"),
    texts=words(
        "post posts message messages publication publications billet communiqué déclaration story"
        " commentaire texte"
    ),
    pictures=words(
        "vidéo vidéos image images photo photos clip clips séquence séquences extrait film"
        " enregistrement cliché clichés"
    ),
    tweets=words("tweet tweets"),
    accounts=words(
        "compte comptes chaîne chaînes canal page pages utilisateur utilisatrice internaute profil"
        " fil boucle groupe"
    ),
    titles=words(
        "président présidente ministre premier première maire gouverneur gouverneure sénateur"
        " sénatrice député députée porte-parole journaliste reporter correspondant correspondante"
        " rédacteur rédactrice général colonel capitaine commandant amiral maréchal militant"
        " militante activiste analyste expert experte chercheur chercheuse professeur professeure"
        " docteur dr avocat avocate auteur autrice écrivain chanteur chanteuse rappeur rappeuse"
        " acteur actrice humoriste comédien comédienne réalisateur réalisatrice photographe"
        " influenceur influenceuse youtubeur youtubeuse tiktokeur tiktokeuse blogueur blogueuse"
        " roi reine prince princesse pape évêque chancelier ambassadeur ambassadrice diplomate"
        " chef cheffe dirigeant dirigeante patron patronne milliardaire fondateur fondatrice"
        " ancien ancienne ex monsieur madame m mme mlle conseiller conseillère élu élue média"
        " agence journal quotidien magazine chaîne compte utilisateur utilisatrice internaute"
        " politologue historien historienne économiste footballeur joueur entraîneur star"
        " vice-président ukrainien ukrainienne russe français française américain américaine"
        " eurodéputé eurodéputée secrétaire"
    ),
    never=words(
        "il elle ils elles on nous vous je ce cela ceci cette ces celui celle qui personne"
        " plusieurs"
        " certains certaines beaucoup des les le la un une dans sur selon après avant depuis mais"
        " et ou si quand alors pendant ainsi vidéo vidéos images image tweet message publication"
        " internautes utilisateurs habitants témoins militants journalistes médias policiers"
        " autorités soldats source crédit lire voir suivez abonnez partager réseaux sociaux"
        " lundi mardi mercredi jeudi vendredi samedi dimanche hier aujourd'hui tous toutes"
        " en au aux par pour avec sans son sa ses leur leurs notre votre mon ma mes de du"
        " les-"
    ),
    ours=words("notre nos nous suivez abonnez rejoignez suivre inscrivez"),
    another=words("autre second seconde nouveau nouvelle deuxième"),
)

SPANISH = Lexicon(
    code="es",
    marks=words(
        "el la los las un una unos unas de del y e o pero es son era fue ha han había en por para"
        " con sin que no más este esta estos estas su sus se lo le les al como según también muy"
        " sobre entre tras desde hasta cuando donde ya"
    ),
    by=words("por"),
    of=words("de del"),
    on=words("en a al través vía desde"),
    according=words("según"),
    be=words("fue fueron sido ser es son era"),
    have=words("ha han había habían hubo"),
    without=words("no nunca jamás niega negó rechazó quiere podría debería tampoco ni"),
    relative=words("que quien quienes cual"),
    adverbs=words(
        "también luego después más tarde ayer hoy ya además antes mismo misma recientemente"
        " posteriormente anteriormente entonces allí así esta este mañana noche"
    ),
    post=words(
        "publicó publicaron publica publicado publicada publicados publicadas publicaba compartió"
        " compartieron comparte compartido compartida compartidos compartidas escribió"
        " colocó puso lanzó escribieron escribe escrito escrita posteó posteado posteada subió"
        " subieron subido"
        " subida colgó colgado colgada mostró difundió difundieron difundido difundida difunde"
    ),
    say=words(
        "dijo dijeron dice afirmó afirma aseguró asegura anunció anuncia declaró declara señaló"
        " indicó informó informa informaron agregó añadió explicó confirmó confirma comentó"
        " denunció reaccionó advirtió respondió expresó sostuvo manifestó lamentó agradeció"
    ),
    tweet=words("tuiteó tuitea tuiteado tuiteada tuitearon twitteó retuiteó"),
    texts=words(
        "post posts mensaje mensajes publicación publicaciones comunicado declaración mensaje"
        " comentario historia hilo"
    ),
    pictures=words(
        "vídeo vídeos video videos imagen imágenes foto fotos fotografía fotografías clip clips"
        " grabación grabaciones secuencia"
    ),
    tweets=words("tuit tuits tweet tweets trino trinos"),
    accounts=words("cuenta cuentas canal canales página páginas usuario usuaria perfil grupo muro"),
    titles=words(
        "presidente presidenta ministro ministra primer primera alcalde alcaldesa gobernador"
        " gobernadora senador senadora diputado diputada portavoz vocero vocera periodista"
        " reportero reportera corresponsal editor editora general coronel capitán comandante"
        " almirante activista analista experto experta investigador investigadora profesor"
        " profesora doctor doctora dr abogado abogada autor autora escritor escritora cantante"
        " rapero actor actriz humorista director directora fotógrafo fotógrafa influencer"
        " youtuber tiktoker bloguero bloguera rey reina príncipe princesa papa obispo canciller"
        " embajador embajadora jefe jefa líder exministro expresidente ex empresario empresaria"
        " multimillonario fundador fundadora señor señora don doña asesor asesora secretario"
        " secretaria medio agencia diario periódico cadena cuenta usuario usuaria canal futbolista"
        " jugador entrenador ucraniano ucraniana ruso rusa español española estadounidense"
        " mexicano mexicana argentino argentina vicepresidente vicepresidenta politólogo"
        " historiador economista concejal congresista mandatario mandataria opositor opositora"
    ),
    never=words(
        "él ella ellos ellas uno una alguien nadie todos todas muchos muchas varios varias algunos"
        " algunas otros otras el la los las un unos este esta estos estas en según tras desde"
        " después antes pero y si cuando mientras así vídeo vídeos video videos imágenes foto"
        " tuit mensaje usuarios internautas vecinos residentes testigos activistas periodistas"
        " medios policías autoridades soldados fuente crédito leer ver síguenos suscríbete"
        " compartir redes sociales lunes martes miércoles jueves viernes sábado domingo ayer hoy"
        " por para con sin su sus nuestro nuestra de del al a"
    ),
    ours=words("nuestro nuestra nuestros nuestras síguenos suscríbete siga únete sigue"),
    another=words("otro otra segundo segunda nuevo posterior"),
)

ITALIAN = Lexicon(
    code="it",
    marks=words(
        "il lo la i gli le l un uno una di del dello della dei degli delle e o ma è sono era ha"
        " hanno aveva in nel nella nei su sul sulla da dal dalla per con senza che non più questo"
        " questa questi queste suo sua suoi loro si al alla come secondo anche molto tra dopo"
    ),
    by=words("da dal dallo dalla dall dagli dalle"),
    of=words("di del dello della dell dei degli d"),
    on=words("su sul sullo sulla sull via tramite in nel nella nell attraverso al a"),
    according=words("secondo"),
    be=words("è stato stata stati state sono viene vengono venne fu era"),
    have=words("ha hanno aveva avevano"),
    without=words("non mai nega negato rifiuta rifiutato vuole potrebbe dovrebbe né"),
    relative=words("che cui quale"),
    adverbs=words(
        "anche poi dopo più tardi ieri oggi già inoltre prima stesso stessa recentemente"
        " successivamente precedentemente quindi ancora infine così stamattina stasera"
    ),
    post=words(
        "pubblicato pubblicata pubblicati pubblicate pubblica pubblicò pubblicano postato postata"
        " postati postate posta postò condiviso condivisa condivisi condivise condivide condivise"
        " scritto scritta scrive scrisse scriveva caricato caricata carica diffuso diffusa diffusi"
        " messo immesso diffuse diffonde rilanciato rilanciata rilancia mostrato"
    ),
    say=words(
        "detto dice disse affermato afferma dichiarato dichiara annunciato annuncia riferito"
        " riferisce aggiunto aggiunge spiegato spiega confermato conferma commentato commenta"
        " denunciato denuncia sottolineato sottolinea risposto replicato ringraziato riportato"
        " riporta sostenuto sostiene avvertito"
    ),
    tweet=words("twittato twitta twittò tweettato ritwittato cinguettato"),
    texts=words(
        "post messaggio messaggi pubblicazione comunicato dichiarazione commento storia storie nota"
    ),
    pictures=words(
        "video filmato filmati immagine immagini foto fotografia fotografie clip registrazione"
        " spezzone ripresa riprese videomessaggio"
    ),
    tweets=words("tweet"),
    accounts=words("account canale canali pagina profilo utente gruppo bacheca"),
    titles=words(
        "presidente ministro ministra primo prima premier sindaco sindaca governatore governatrice"
        " senatore senatrice deputato deputata portavoce giornalista reporter inviato inviata"
        " corrispondente direttore direttrice generale colonnello capitano comandante ammiraglio"
        " attivista analista esperto esperta ricercatore ricercatrice professore professoressa"
        " dottore dr avvocato avvocata autore autrice scrittore scrittrice cantante rapper attore"
        " attrice comico comica regista fotografo fotografa influencer youtuber tiktoker blogger"
        " re regina principe principessa papa vescovo cancelliere ambasciatore ambasciatrice capo"
        " leader ex imprenditore imprenditrice miliardario fondatore fondatrice signor signora"
        " consigliere segretario segretaria vicepremier vicepresidente media agenzia quotidiano"
        " giornale emittente account utente canale calciatore giocatore allenatore ucraino ucraina"
        " russo russa italiano italiana americano americana storico economista europarlamentare"
        " virologo conduttore conduttrice"
    ),
    never=words(
        "lui lei loro egli ella esso essa uno qualcuno nessuno tutti tutte molti molte alcuni"
        " alcune altri altre il lo la i gli le un una questo questa questi queste in nel nella su"
        " sul secondo dopo prima ma e se quando mentre così video filmato immagini foto tweet"
        " messaggio utenti internauti residenti testimoni attivisti giornalisti media poliziotti"
        " autorità soldati fonte credito leggi guarda seguici iscriviti condividi social"
        " lunedì martedì mercoledì giovedì venerdì sabato domenica ieri oggi per con senza suo sua"
        " nostro nostra di del da dal dalla al alla l"
    ),
    ours=words("nostro nostra nostri nostre seguici segui iscriviti unisciti"),
    another=words("altro altra secondo seconda nuovo successivo"),
)

PORTUGUESE = Lexicon(
    code="pt",
    marks=words(
        "o a os as um uma de do da dos das e ou mas é são era foi foram tem há em no na nos nas por"
        " pelo pela para com sem que não mais este esta estes estas isso seu sua seus suas se ao"
        " aos à como segundo também muito sobre entre após desde até quando onde já"
    ),
    by=words("por pelo pela pelos pelas"),
    of=words("de do da dos das"),
    on=words("no na em nos nas via através pelo pela ao"),
    according=words("segundo conforme"),
    be=words("foi foram sido ser é são era"),
    have=words("tem têm tinha tinham havia"),
    without=words("não nunca jamais nega negou recusou quer poderia deveria nem"),
    relative=words("que quem qual"),
    adverbs=words(
        "também depois mais tarde ontem hoje já além antes mesmo mesma recentemente posteriormente"
        " anteriormente então ainda assim nesta neste"
    ),
    post=words(
        "publicou publicaram publica publicado publicada publicados publicadas postou"
        " postaram posta"
        " postado postada postados compartilhou compartilharam compartilha compartilhado"
        " compartilhada compartilhados partilhou partilhado partilhada partilha escreveu"
        " escreveram escreve escrito escrita divulgou divulgaram divulga divulgado divulgada"
        " subiu carregou mostrou colocou colocaram botou lançou"
    ),
    say=words(
        "disse disseram diz afirmou afirma declarou declara anunciou anuncia informou informa"
        " acrescentou explicou confirmou confirma comentou denunciou reagiu alertou respondeu"
        " garantiu relatou lamentou agradeceu criticou"
    ),
    tweet=words("tuitou tuíta tuitado tuitada twittou tweetou retuitou"),
    texts=words(
        "post posts mensagem mensagens publicação publicações postagem postagens comunicado"
        " declaração comentário story nota"
    ),
    pictures=words(
        "vídeo vídeos video videos imagem imagens foto fotos fotografia clipe clipes gravação"
        " gravações filmagem filmagens"
    ),
    tweets=words("tuíte tuítes tweet tweets tuite"),
    accounts=words(
        "conta contas canal canais página páginas usuário usuária utilizador perfil grupo"
    ),
    titles=words(
        "presidente ministro ministra primeiro primeira primeiro-ministro primeira-ministra"
        " prefeito prefeita governador governadora senador senadora deputado deputada porta-voz"
        " jornalista repórter correspondente editor editora general coronel capitão comandante"
        " almirante ativista analista especialista pesquisador pesquisadora professor professora"
        " doutor doutora dr advogado advogada autor autora escritor escritora cantor cantora"
        " rapper ator atriz humorista comediante diretor diretora fotógrafo fotógrafa influenciador"
        " influenciadora influencer youtuber tiktoker blogueiro blogueira rei rainha príncipe"
        " princesa papa bispo chanceler embaixador embaixadora chefe líder ex ex-presidente"
        " empresário empresária bilionário fundador fundadora senhor senhora dom assessor"
        " assessora secretário secretária vereador vereadora agência jornal emissora conta usuário"
        " usuária canal jogador treinador ucraniano ucraniana russo russa brasileiro brasileira"
        " português portuguesa norte-americano americano vice-presidente historiador economista"
        " ex-ministro"
    ),
    never=words(
        "ele ela eles elas alguém ninguém todos todas muitos muitas vários várias alguns algumas"
        " outros outras o a os as um uma este esta estes estas em no na segundo após depois antes"
        " mas e se quando enquanto assim vídeo vídeos imagens foto tuíte mensagem usuários"
        " internautas moradores testemunhas ativistas jornalistas mídia policiais autoridades"
        " soldados fonte crédito leia veja siga inscreva compartilhe redes sociais segunda terça"
        " quarta quinta sexta sábado domingo ontem hoje por para com sem seu sua nosso nossa"
        " de do da dos das ao pelo pela"
    ),
    ours=words("nosso nossa nossos nossas siga siga-nos inscreva-se inscreva assine"),
    another=words("outro outra segundo segunda novo"),
)
